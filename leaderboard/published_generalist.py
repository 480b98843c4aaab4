"""What generalists were reported to reach: GEA's own tables, and ASA's on Meta-World.

Success in percent, as printed. GEA: arXiv 2412.08442, tables 2, 5, 8 and 10. ASA: Szot et al.,
"Grounding Multimodal Large Language Models in Actions" (arXiv 2406.07904), table 7, ten episodes a
task, whose column RVQ is here.
"""

from __future__ import annotations

from collections.abc import Mapping

RVQ_METAWORLD: Mapping[str, float] = {
    "assembly": 100, "basketball": 90, "button-press-topdown": 100,
    "button-press-topdown-wall": 100, "button-press": 100, "button-press-wall": 100,
    "coffee-button": 100, "coffee-pull": 100, "coffee-push": 80, "dial-turn": 100,
    "disassemble": 60, "door-close": 100, "door-open": 100, "drawer-close": 100,
    "drawer-open": 100, "faucet-open": 100, "faucet-close": 100, "hammer": 100,
    "handle-press-side": 100, "handle-press": 100, "handle-pull-side": 40, "handle-pull": 70,
    "lever-pull": 60, "peg-insert-side": 60, "peg-unplug-side": 50, "pick-out-of-hole": 50,
    "pick-place": 80, "pick-place-wall": 80, "plate-slide": 100, "plate-slide-side": 100,
    "plate-slide-back": 100, "plate-slide-back-side": 100, "push-back": 50, "push": 60,
    "push-wall": 80, "reach": 30, "reach-wall": 80, "shelf-place": 50, "soccer": 40,
    "stick-push": 100, "stick-pull": 90, "sweep-into": 70, "sweep": 90, "window-open": 100,
    "window-close": 100,
}  # fmt: skip

GEA_METAWORLD: Mapping[str, float] = dict.fromkeys(RVQ_METAWORLD, 100.0) | {
    "assembly": 86, "button-press-wall": 92, "disassemble": 88, "handle-pull-side": 80,
    "lever-pull": 80, "peg-unplug-side": 98, "pick-out-of-hole": 60, "pick-place": 92,
    "pick-place-wall": 82, "plate-slide-side": 96, "push-back": 90, "reach": 60, "reach-wall": 94,
    "shelf-place": 98, "soccer": 76, "stick-pull": 98, "sweep-into": 90,
}  # fmt: skip

GEA_BABYAI: Mapping[str, float] = {
    "go-to-red-ball-grey": 88, "go-to-red-ball": 97, "go-to-red-ball-no-dists": 100,
    "go-to-obj": 100, "go-to-obj-s4": 100, "go-to-local-s8n7": 93, "go-to-red-blue-ball": 92,
    "go-to-door": 100, "open": 76, "open-red-door": 100, "open-door-color": 100,
    "open-door-loc": 80, "open-two-doors": 100, "open-red-blue-doors": 100, "pickup": 41,
    "pickup-loc": 88, "pickup-dist": 94,
}  # fmt: skip

GEA_LANGR: Mapping[str, float] = {
    "instruct-rephrasing": 84, "referring-expressions": 16, "spatial": 0, "context": 34,
    "irrelevant-text": 86, "multiple-rearrange": 82, "novel-objects": 96, "multiple-objects": 0,
    "conditional-instructs": 52,
}  # fmt: skip

SPECIALIST_LANGR: Mapping[str, float] = {
    "instruct-rephrasing": 92, "referring-expressions": 31, "spatial": 0, "context": 46,
    "irrelevant-text": 66, "multiple-rearrange": 80, "novel-objects": 97, "multiple-objects": 2,
    "conditional-instructs": 46,
}  # fmt: skip
"""ASA's SemLang by reinforcement on this alone, table 4."""


def by_task(family: str, version: str, figures: Mapping[str, float]) -> dict[str, float]:
    """Figures by the ids of the tasks here, as shares."""
    return {f"{family}.{name}-{version}": value / 100 for name, value in figures.items()}


def mean(figures: Mapping[str, float]) -> float:
    """Of a table, as a share."""
    return round(sum(figures.values()) / len(figures) / 100, 4)
