"""What policies reached through each adapter, as published: the ranking that errors do not give."""

from __future__ import annotations

from collections.abc import Mapping

from .markup import Markup, element
from .wording import NONE

SOURCE = (
    "Szot et al., Grounding Multimodal Large Language Models in Actions (NeurIPS 2024), figure 3 "
    "and tables 4, 6 and 7: success of one policy architecture (LLaVA-1.5-7B) in per cent"
)

CONTINUOUS: Mapping[str, Mapping[str, int]] = {
    "Meta-World, 45 tasks": {"uniform": 75, "pred": 61, "vq": 58, "rvq": 84},
    "CALVIN, 34 tasks": {"uniform": 28, "pred": 68, "vq": 56, "rvq": 72},
    "Habitat Pick, 20 objects": {"uniform": 0, "pred": 19, "vq": 17, "rvq": 29},
}

DISCRETE: Mapping[str, Mapping[str, int]] = {
    "Language Rearrangement": {"semlang": 51, "lang": 27, "pred": 42},
    "BabyAI, 5 tasks": {"semlang": 41, "lang": 30, "pred": 32},
}


def success_table(rows: Mapping[str, Mapping[str, int]]) -> Markup:
    """A line a benchmark, a column an adapter."""
    adapters = list(next(iter(rows.values())))
    heads = [element("th", "Published success", scope="col")]
    heads += [element("th", name, scope="col", class_="num") for name in adapters]
    body = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(
                element(
                    "td",
                    element("b", f"{values[one]}%")
                    if values[one] == max(values.values())
                    else f"{values[one]}%"
                    if one in values
                    else NONE,
                    class_="num",
                )
                for one in adapters
            ),
        )
        for name, values in rows.items()
    ]
    return element(
        "table", element("thead", element("tr", *heads)), element("tbody", *body), class_="success"
    )
