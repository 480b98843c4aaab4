"""What adapters keep of actions, as one HTML file: errors against bits, codes in use, time."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence

from ..core.fidelity import BodyReport, Fidelity, FidelityReport
from .adapter_success import CONTINUOUS, DISCRETE, SOURCE, success_table
from .chart import Point, error_chart, trace_chart, usage_chart
from .fidelity_style import FIDELITY_STYLE
from .listing import definitions, facts
from .markup import Child, Markup, document, element, join
from .wording import NONE, plural

MOST_DIMENSIONS = 8
"""Dimensions whose course is drawn; the file beside the page has them all."""

LEARNED = ("vq", "rvq", "tokenizer")


def render_fidelity(report: FidelityReport) -> str:
    """The report as a whole HTML page."""
    kinds = {body.body.kind for body in report.bodies}
    body = element(
        "main",
        _header(report),
        _warning(kinds),
        *(_body(one) for one in report.bodies if one.body.kind == "continuous"),
        _shared(report),
        *(_words(one) for one in report.bodies if one.body.kind == "discrete"),
        _record(report),
        _footer(),
    )
    return document("What adapters keep of actions · polyathlon", FIDELITY_STYLE, body)


def _header(report: FidelityReport) -> Markup:
    held = sum(body.actions[1] for body in report.bodies)
    fitted = sum(body.actions[0] for body in report.bodies)
    clipped = sum(body.clipped for body in report.bodies)
    links = [element("a", one.body.id, href=f"#{_anchor(one)}") for one in report.bodies]
    return element(
        "header",
        element("p", "polyathlon · action adapters", class_="kicker"),
        element("h1", "What adapters keep of actions"),
        element(
            "p",
            "How exactly each adapter says the actions of episodes that it was not fitted on, "
            "and how many bits it takes for it.",
            class_="lede",
        ),
        facts(
            {
                "Bodies": f"{len(report.bodies):,}",
                "Actions fitted on": f"{fitted:,}",
                "Held out, by episode": f"{held:,}",
                "Numbers clipped": f"{clipped:,}",
            }
        ),
        element("nav", *links, element("a", "How it was made", href="#record")),
    )


def _warning(kinds: Iterable[str]) -> Markup:
    """What the figures below are not: said before them, with the figures that show it."""
    tables = [
        success_table(rows)
        for kind, rows in (("continuous", CONTINUOUS), ("discrete", DISCRETE))
        if kind in kinds
    ]
    return element(
        "section",
        element("h2", "Read this first", id="first"),
        element(
            "p",
            element("b", "The error of reconstruction does not rank adapters. "),
            "Where it was tried, fine even bins said actions far more exactly than learned codes, "
            "and policies that spoke in learned codes won more often; more codes an action lowered "
            "the error further and the success too. The error says what an adapter cannot do: no "
            "policy acts more finely than it. Whether a policy acts well through it, only episodes "
            "tell: ",
            element("code", "polyathlon eval"),
            ".",
            class_="notice",
        ),
        *tables,
        element("p", f"{SOURCE}. Published by others, in their own worlds.", class_="soft"),
    )


def _anchor(one: BodyReport) -> str:
    return "body-" + "".join(c if c.isalnum() else "-" for c in one.body.id)


def _facts(one: BodyReport) -> str:
    sources = plural(len(one.sources), "source")
    words = (
        f"{one.actions[0]:,} actions of {plural(one.episodes[0], 'episode')} from {sources} were "
        f"fitted on, {one.actions[1]:,} of {plural(one.episodes[1], 'episode')} held out."
    )
    if one.numbers:
        share = 100 * one.clipped / one.numbers
        words += f" {one.clipped:,} of {one.numbers:,} numbers ({share:.2g}%) lay outside the "
        words += "range and were clipped before anything else."
    if one.constant:
        words += f" Never changed: {', '.join(one.constant)}."
    return words


def _body(one: BodyReport) -> Markup:
    spoken = [adapter for adapter in one.adapters if not adapter.refused]
    refused = [adapter for adapter in one.adapters if adapter.refused]
    return element(
        "section",
        element("h2", one.body.id, id=_anchor(one)),
        element("p", _facts(one)),
        _errors(one, spoken),
        element("h3", "Error by dimension"),
        element("div", _table(one, spoken), class_="scroll"),
        element("ul", *(element("li", _refusal(adapter)) for adapter in refused), class_="soft")
        if refused
        else None,
        _usage(spoken),
        _passage(one),
    )


def _refusal(one: Fidelity) -> str:
    return f"{one.adapter}, {one.setting}: does not fit. {one.refused}"


def _errors(one: BodyReport, spoken: Sequence[Fidelity]) -> Markup | None:
    series: dict[str, list[Point]] = {}
    for adapter in spoken:
        if adapter.tokens and adapter.mse > 0:
            words = f"{adapter.adapter}, {adapter.setting}: {adapter.bits:.1f} bits, "
            words += f"error {adapter.mse:.2e}"
            series.setdefault(adapter.adapter, []).append(Point(adapter.bits, adapter.mse, words))
    if not series or one.variance <= 0:
        return None
    return join(
        [
            element("h3", "Error against bits"),
            element(
                "p",
                "Mean squared error on held-out actions, normalised to [−1, 1] by the body's "
                "range, over its own dimensions alone. A head that says numbers (pred) makes no "
                f"error and is left out: it takes 32 bits a number, "
                f"{32 * len(one.body.action_names or one.body.low)} an action.",
                class_="soft",
            ),
            element("div", error_chart(series, one.variance), class_="scroll"),
        ]
    )


def _table(one: BodyReport, spoken: Sequence[Fidelity]) -> Markup:
    count = max((len(adapter.mse_by_dimension) for adapter in spoken), default=0)
    names = one.body.action_names or tuple(f"{n}" for n in range(count))
    heads = ["Adapter", "tokens", "bits", "all", *names]
    rows = []
    for adapter in spoken:
        head = [adapter.adapter, element("span", adapter.setting, class_="soft")]
        tokens = f"{adapter.tokens:.2f}".rstrip("0").rstrip(".") if adapter.tokens else NONE
        cells: list[Child] = [tokens, f"{adapter.bits:.1f}"]
        cells += [_scientific(value) for value in (adapter.mse, *adapter.mse_by_dimension)]
        rows.append(
            element(
                "tr",
                element("th", join(head), scope="row"),
                *(element("td", cell, class_="num") for cell in cells),
            )
        )
    header = element(
        "tr",
        *(
            element("th", title, scope="col", class_="num" if at else None)
            for at, title in enumerate(heads)
        ),
    )
    return element("table", element("thead", header), element("tbody", *rows))


def _scientific(value: float) -> Markup:
    if value == 0:
        return Markup("0")
    power = math.floor(math.log10(value))
    if f"{value / 10.0**power:.1f}" == "10.0":
        power += 1
    raised = element("sup", f"{power}".replace("-", "−"))
    return element("span", f"{value / 10.0**power:.1f}·10", raised, class_="keep")


def _usage(spoken: Sequence[Fidelity]) -> Markup | None:
    figures = [
        _level(f"{adapter.adapter}, level {level + 1}", counts)
        for adapter in spoken
        for level, counts in enumerate(adapter.usage)
    ]
    if not figures:
        return None
    return join(
        [
            element("h3", "Codes in use"),
            element(
                "p",
                "How often each code was said of the held-out actions, the most used first; "
                "heights by square root.",
                class_="soft",
            ),
            element("div", *figures, class_="uses"),
        ]
    )


def _level(title: str, counts: Sequence[int]) -> Markup:
    used, total = sum(count > 0 for count in counts), sum(counts)
    shares = [count / total for count in counts if count] if total else []
    spread = math.exp(-math.fsum(share * math.log(share) for share in shares))
    words = f"{used} of {len(counts)} used, as many as {spread:.0f} even ones"
    return element(
        "figure",
        usage_chart(counts, f"{title}: {words}"),
        element("figcaption", element("strong", title), element("span", words, class_="soft")),
    )


def _passage(one: BodyReport) -> Markup | None:
    passage = one.passage
    if passage is None or not passage.said:
        return None
    size = len(passage.actions[0])
    names = one.body.action_names or tuple(f"{n}" for n in range(size))
    heads = [element("th", "", scope="col")]
    heads += [element("th", name, scope="col") for name in passage.said]
    rows = []
    for dimension in range(min(size, MOST_DIMENSIONS)):
        actual = [row[dimension] for row in passage.actions]
        said = {name: [row[dimension] for row in rows_] for name, rows_ in passage.said.items()}
        ends = [*actual, *(value for values in said.values() for value in values)]
        bounds = min(ends), max(ends)
        rows.append(
            element(
                "tr",
                element(
                    "th",
                    names[dimension],
                    element("span", f"{bounds[0]:.2g} to {bounds[1]:.2g}", class_="soft"),
                    scope="row",
                ),
                *(
                    element("td", trace_chart(actual, values, bounds, name.partition(",")[0]))
                    for name, values in said.items()
                ),
            )
        )
    words = (
        f"{len(passage.actions)} steps of {passage.source}, episode {passage.episode}, from step "
        f"{passage.first}: the held-out passage with the most motion of an episode drawn from the "
        "seed. Grey as it was, in colour as it is said."
    )
    if size > MOST_DIMENSIONS:
        words += f" {size - MOST_DIMENSIONS} more dimensions are in the file beside this page."
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="traces",
    )
    return join(
        [
            element("h3", "Over time"),
            element("p", words, class_="soft"),
            element("div", table, class_="scroll"),
        ]
    )


def _shared(report: FidelityReport) -> Markup | None:
    """The codes of the quantiser that all bodies share, body by body and together."""
    bodies = {
        one.body.id: adapter.usage
        for one in report.bodies
        for adapter in one.adapters
        if adapter.adapter == "tokenizer" and adapter.usage
    }
    if len(bodies) < 2:
        return None
    levels = range(len(next(iter(bodies.values()))))
    union = [
        [sum(counts) for counts in zip(*(usage[level] for usage in bodies.values()), strict=True)]
        for level in levels
    ]
    figures = [_level(f"all bodies, level {level + 1}", union[level]) for level in levels]
    return element(
        "section",
        element("h2", "One quantiser for all bodies", id="shared"),
        element(
            "p",
            "A body need not use every code; together they should. Under half of the first level's "
            "codes for each of several bodies is no waste where they use different ones.",
        ),
        element("div", *figures, class_="uses"),
    )


def _words(one: BodyReport) -> Markup:
    rows = [
        element(
            "tr",
            element(
                "th", join([adapter.adapter, element("span", adapter.setting, class_="soft")]),
                scope="row",
            ),
            *(
                element("td", cell, class_="num")
                for cell in (
                    f"{adapter.tokens:.2f}",
                    f"{adapter.bits:.1f}",
                    "all" if adapter.mse == 0 else f"{100 * (1 - adapter.mse):.2f}%",
                )
            ),
        )
        for adapter in one.adapters
    ]  # fmt: skip
    titles = ("Adapter", "tokens an action", "bits an action", "come back")
    heads = [
        element("th", title, scope="col", class_="num" if at else None)
        for at, title in enumerate(titles)
    ]
    count = len(one.body.action_names)
    return element(
        "section",
        element("h2", one.body.id, id=_anchor(one)),
        element("p", f"{plural(count, 'action')}. {_facts(one)}"),
        element("table", element("thead", element("tr", *heads)), element("tbody", *rows)),
    )


def _record(report: FidelityReport) -> Markup:
    recipe = ", ".join(f"{name} {value}" for name, value in report.recipe.items())
    sources = {
        one.body.id: ", ".join(f"{name} ({count})" for name, count in one.sources.items())
        for one in report.bodies
    }
    entries: Mapping[str, Child] = {
        "Seed": report.seed,
        "Held out": f"{100 * report.held_out:g}% of the episodes of each source",
        "Quantisers": recipe,
        **{f"Fitted on, {name}": words for name, words in sources.items()},
        "Versions": ", ".join(f"{name} {value}" for name, value in report.versions.items()),
        **{
            f"Hash of {name}": element("span", value, class_="hash")
            for name, value in report.hashes.items()
        },
    }
    return element(
        "section",
        element("h2", "How it was made", id="record"),
        element("p", "The same command fits the same adapters, to the bit, on the same versions."),
        element("pre", shlex.join(report.command)) if report.command else None,
        definitions(entries),
    )


def _footer() -> Markup:
    return element(
        "footer",
        element(
            "p",
            "Error: mean over held-out actions of the squared difference, each dimension scaled so "
            "that the body's range is −1 to 1; padding does not enter. Bits: tokens an action "
            "times the logarithm of how many different tokens there are at that place; of fast, "
            "whose chunks have tokens of any number, the mean. As many as n even codes: the "
            "exponential of the entropy of their use.",
        ),
    )
