"""The style sheet of the page on adapters: that of a report, and colours for the adapters."""

from .style import STYLE

COLOURS = {
    "uniform": ("#0d5f60", "#74cbc2"),
    "quantile": ("#3f6fb5", "#8fb4ec"),
    "vq": ("#a8402c", "#e58a74"),
    "rvq": ("#b07a10", "#dcb04c"),
    "tokenizer": ("#7a4a9e", "#c39be3"),
    "fast": ("#4d7a2a", "#a2cf7b"),
}
"""By adapter, on light and on dark paper; told apart by lightness too, and named beside lines."""

_LIGHT = "".join(f"--{name}:{light};" for name, (light, _) in COLOURS.items())
_DARK = "".join(f"--{name}:{dark};" for name, (_, dark) in COLOURS.items())
_CLASSES = "".join(
    f".series.{name}{{stroke:var(--{name})}}.point.{name}{{fill:var(--{name})}}"
    f".name.{name}{{fill:var(--{name})}}"
    for name in COLOURS
)

FIDELITY_STYLE = (
    STYLE
    + f":root{{{_LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    + _CLASSES
    + """
.chart{display:block;max-width:none}
.chart text{font:12px system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif}
.chart .grid{stroke:var(--rule);stroke-width:1;fill:none}
.chart .ceiling{stroke:var(--hollow);stroke-width:1;stroke-dasharray:3 3;fill:none}
.chart .series{fill:none;stroke-width:1.75;stroke-linejoin:round}
.chart .point{stroke:var(--paper);stroke-width:1.5}
.chart .tick-text,.chart .soft-text{fill:var(--soft)}
.chart .raised{font-size:9px}
.chart .middle{text-anchor:middle}.chart .end{text-anchor:end}
.chart .name{font-weight:600;stroke:var(--paper);stroke-width:3;paint-order:stroke}
.chart .use{fill:var(--accent);opacity:.75}
.chart .frame{fill:none;stroke:var(--rule)}
.chart .actual{fill:none;stroke:var(--hollow);stroke-width:3;opacity:.55;stroke-linejoin:round}
.uses{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:1.2rem 1.6rem;
margin:.4rem 0 1.4rem}
.uses span{display:block;font-size:.84rem}
table.traces{width:auto}
table.traces td,table.traces th{border:0;padding:.2rem .7rem .2rem 0}
table.traces tbody th{min-width:6.5rem;vertical-align:middle}
table.success{max-width:40rem}
sup{font-size:.72em;line-height:0}
"""
)
