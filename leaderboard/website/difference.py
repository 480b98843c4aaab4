"""Two submissions side by side, episode by episode; the numbers are made in the page.

A board of a thousand rows has half a million pairs, so that the comparison is computed where it is
looked at: ``asset/statistics.js`` throws the same dice as :mod:`..comparison`, and a test holds
that both say the same.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from ..board import Board, Group
from ..comparison import FAR, FLIPS, LEVEL, POWER, reach
from ..evidence import DIGITS
from ..intervals import BOOTSTRAP_SEED, CONFIDENCE, RESAMPLES
from ..markup import Child, Markup, element
from ..wording import value
from .page import foreign, page
from .ranking import group_key
from .row import SIGNS, name_of

_WORD = (1 << 32) - 1


class Dice(msgspec.Struct, frozen=True, kw_only=True):
    """Where numpy's PCG64 stands when it has been seeded.

    Attributes:
        state: 128 bits, in four words, the lowest first.
        increment: likewise.
    """

    state: tuple[int, ...]
    increment: tuple[int, ...]


def dice_of(seed: int) -> Dice:
    """The generator that ``numpy.random.PCG64(seed)`` begins as."""
    inner = np.random.PCG64(seed).state["state"]
    return Dice(state=_words(inner["state"]), increment=_words(inner["inc"]))


def _words(number: int) -> tuple[int, ...]:
    return tuple(number >> 32 * at & _WORD for at in range(4))


def difference_page(board: Board, group: Group) -> bytes:
    """The page that compares any two rows of one programme."""
    key = group_key(group)
    names = {one.key: one.file for one in board.sources}
    alone = sum(other.benchmark == group.benchmark for other in board.groups) == 1
    runs = Counter(row.source for other in board.groups for row in other.rows)
    body: list[Child] = [
        element("p", foreign(group.benchmark), class_="kicker"),
        element("h1", "Two agents on the same episodes"),
        element("noscript", element("p", _without_scripts())),
        element(
            "form",
            _choice("first", group),
            element("button", "Swap", type="button", id="swap"),
            _choice("second", group),
            class_="controls versus needs-script",
            aria_label="The two rows",
        ),
        element("div", id="verdict", role="status", class_="verdict"),
        element("div", id="result"),
    ]
    return page(
        f"Compare on {group.benchmark}",
        body,
        root="../",
        trail=[
            (group.benchmark, f"board/{key}.html"),
            ("compare", f"difference/{key}.html"),
        ],
        scripts=("shared", "statistics", "difference"),
        data={
            "benchmark": group.benchmark if alone else group.benchmark_digest[:DIGITS],
            "metric": group.metric,
            "tasks": list(group.tasks),
            "rows": [
                {
                    "name": name_of(row),
                    "file": names.get(row.source, ""),
                    "key": row.source,
                    "run": row.run,
                    "runs": runs[row.source],
                    "status": row.status,
                    "rank": row.rank,
                }
                for row in group.rows
            ],
            "statistics": _constants(),
        },
    )


def _constants() -> dict[str, object]:
    """What :mod:`..comparison` computes with, so that it stands in one place."""
    constants: dict[str, object] = msgspec.to_builtins(
        {
            "dice": dice_of(BOOTSTRAP_SEED),
            "flips": FLIPS,
            "level": LEVEL,
            "power": POWER,
            "far": FAR,
            "resamples": RESAMPLES,
            "confidence": CONFIDENCE,
            "reach": reach(),
        }
    )
    return constants


def _choice(name: str, group: Group) -> Markup:
    options = []
    for number, row in enumerate(group.rows):
        place = "no rank" if row.rank is None else f"#{row.rank}"
        head = value(row.headline.value, as_share=group.metric == "success")
        words = f"{place} {name_of(row)} · {head} · {SIGNS[row.status]} {row.status}"
        options.append(element("option", words, value=number))
    return element(
        "label",
        element("span", "First (A)" if name == "first" else "Second (B)"),
        element("select", *options, id=name),
    )


def _without_scripts() -> Markup:
    return element(
        "span",
        "Comparing needs scripts. The same is said by ",
        element("code", "polyathlon compare FIRST SECOND"),
        ".",
    )
