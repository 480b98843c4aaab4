"""Names and what belongs to them, as lists that every page shows alike."""

from __future__ import annotations

from collections.abc import Mapping

from .markup import Child, Markup, element


def facts(entries: Mapping[str, Child]) -> Markup:
    """A few figures side by side, each under its name."""
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", what))
            for name, what in entries.items()
        ),
        class_="facts",
    )


def definitions(entries: Mapping[str, Child], kind: str = "record") -> Markup:
    """One below the other; what is None is passed over.

    Args:
        entries: by name.
        kind: the class that the style sheet knows it by.
    """
    cells = [
        cell
        for name, what in entries.items()
        if what is not None
        for cell in (element("dt", name), element("dd", what))
    ]
    return element("dl", *cells, class_=kind)
