"""The drawings of a report, as SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence

from .markup import Markup, element, join
from .result import Estimate, Headline
from .view import KINDS

WIDTH, HEIGHT, MARGIN = 168.0, 18.0, 6.0
"""Size of an interval bar [px]; the margin keeps a dot at either end whole."""

LOWEST, HIGHEST = -0.5, 2.0
"""Scores beyond these are drawn at the edge with an arrow: one game at 40 times its human
reference must not flatten all the others."""

CELL, GAP, COLUMNS = 8, 2, 25
"""An episode's square, the gap between two [px], and how many stand in a line."""


def domain_of(estimates: Sequence[Estimate | Headline]) -> tuple[float, float]:
    """The scale that some figures share: at least 0 to 1, at most ``LOWEST`` to ``HIGHEST``."""
    ends = [end for one in estimates for end in (one.value, one.low, one.high) if end is not None]
    return max(LOWEST, min([0.0, *ends])), min(HIGHEST, max([1.0, *ends]))


def interval_bar(figure: Estimate | Headline, domain: tuple[float, float] = (0.0, 1.0)) -> Markup:
    """A figure as a dot and its interval as a bar. The numbers stand beside it as text.

    Args:
        figure: with or without an interval, with or without a value.
        domain: the scale's ends.
    """
    low, high = domain

    def place(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    middle = HEIGHT / 2
    parts = [_line("track", MARGIN, middle, WIDTH - MARGIN, middle)]
    parts += [_line("tick", place(at), middle - 5, place(at), middle + 5) for at in (0.0, 1.0)]
    if figure.low is not None and figure.high is not None:
        left, right = place(figure.low), place(figure.high)
        parts.append(
            element(
                "rect",
                class_="span",
                x=left,
                y=middle - 4,
                width=max(1.0, round(right - left, 1)),
                height=8,
                rx=2,
            )
        )
    if figure.value is not None:
        at = place(figure.value)
        if low <= figure.value <= high:
            parts.append(element("circle", class_="dot", cx=at, cy=middle, r=4))
        else:
            parts.append(_arrow(at, middle, 1 if figure.value > high else -1))
    return element(
        "svg",
        *parts,
        class_="bar",
        width=WIDTH,
        height=HEIGHT,
        viewbox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        aria_hidden="true",
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return element("line", class_=kind, x1=x1, y1=y1, x2=x2, y2=y2)


def _arrow(x: float, y: float, direction: int) -> Markup:
    tip, back = x + 5 * direction, x - 3 * direction
    return element("path", class_="dot", d=f"M{back:g} {y - 5:g}L{tip:g} {y:g}L{back:g} {y + 5:g}Z")


def episode_strip(episodes: Sequence[tuple[str, str]]) -> Markup:
    """One small square an episode, in order of their numbers.

    Args:
        episodes: kind (``success``, ``failure``, ``invalid`` or ``missing``) and what to say when
            it is pointed at; ``uncounted`` where it is valid and in no figure.
    """
    pitch = CELL + GAP
    columns, lines = min(len(episodes), COLUMNS), -(-len(episodes) // COLUMNS)
    cells = join(
        element(
            "g",
            element("title", words),
            element(
                "rect",
                class_=kind,
                x=number % COLUMNS * pitch + 0.5,
                y=number // COLUMNS * pitch + 0.5,
                width=CELL - 1,
                height=CELL - 1,
                rx=1,
            ),
        )
        for number, (kind, words) in enumerate(episodes)
    )
    width, height = columns * pitch - GAP, lines * pitch - GAP
    counted = ", ".join(
        f"{sum(kind == name for kind, _ in episodes)} {name}"
        for name in KINDS
        if any(kind == name for kind, _ in episodes)
    )
    return element(
        "svg",
        cells,
        class_="strip",
        width=width,
        height=height,
        viewbox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"episodes: {counted}",
    )
