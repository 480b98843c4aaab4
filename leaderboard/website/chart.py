"""Profiles and radars of a board, as SVG; ``asset/chart.js`` draws further rows alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from ..figures import HIGHEST, LOWEST
from ..markup import Markup, element, join

LINES = 6
"""Rows that are told apart in one chart: so many colours, each with dashes of its own."""

FIRST_DRAWN = 4
"""Rows that are drawn before anybody chooses."""

WIDTH, HEIGHT = 460.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 12.0, 44.0
"""Size of the profiles and their margins [px]."""

SIDE, RADIUS = 340.0, 108.0
"""Size of the radar and length of its spokes [px]."""

Band: TypeAlias = Sequence[tuple[float, float, float]]
"""Threshold, lower and upper end, which hold from there to the next; empty where there is none."""

ASIDE = 56.0
"""Room for names at either side of the radar [px]."""

LONGEST_SPOKE = 16
"""Letters of a spoke's name that are drawn."""


def profile_chart(
    lines: Sequence[Sequence[float]], bands: Sequence[Band], low: float, high: float
) -> Markup:
    """For each score, the share of a row's tasks whose mean is above it, and its band.

    Args:
        lines: by row, the mean scores of its tasks.
        bands: by row.
        low: left end of the axis.
        high: right end.
    """
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for at in range(5):
        y = floor - at / 4 * (floor - TOP)
        parts.append(_line(LEFT, y, right, y))
        parts.append(_text(LEFT - 8, y + 4, f"{25 * at}%", "tick end"))
    step = 0.25 if high - low <= 1.5 else 0.5
    for at in range(math.ceil(low / step), math.floor(high / step) + 1):
        x = LEFT + (at * step - low) / (high - low) * (right - LEFT)
        parts.append(element("path", class_="grid", d=f"M{x:g} {floor:g}v5"))
        parts.append(_text(x, floor + 19, f"{at * step:g}", "tick middle"))
    parts.append(_text((LEFT + right) / 2, HEIGHT - 6, "score τ", "axis middle"))
    paths = [
        element("path", class_=f"band c{number}", d=band_path(band, low, high))
        for number, band in enumerate(bands)
    ]
    paths += [
        element("path", class_=f"line c{number}", d=profile_path(scores, low, high))
        for number, scores in enumerate(lines)
    ]
    return element(
        "svg",
        join(parts),
        element("g", *paths, class_="lines"),
        class_="chart profile",
        viewbox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label="share of tasks whose mean score is above τ, a line in its band for each row",
        data_low=low,
        data_high=high,
    )


def profile_path(scores: Sequence[float], low: float, high: float) -> str:
    """The falling staircase of one row: right to each task's score, and down."""
    floor, width = HEIGHT - BOTTOM, WIDTH - RIGHT - LEFT
    path, left = "", len(scores)
    for score in sorted(scores):
        if not path:
            path = f"M{LEFT:.1f} {TOP:.1f}"
        place = min(max(score, low), high)
        left -= 1
        height = floor - left / len(scores) * (floor - TOP)
        path += f"H{LEFT + (place - low) / (high - low) * width:.1f}V{height:.1f}"
    return path and f"{path}H{WIDTH - RIGHT:.1f}"


def band_path(band: Band, low: float, high: float) -> str:
    """The area between two falling staircases: right along the upper, back along the lower."""
    if not band:
        return ""
    floor, width = HEIGHT - BOTTOM, WIDTH - RIGHT - LEFT

    def x(at: float) -> str:
        return f"{LEFT + (min(max(at, low), high) - low) / (high - low) * width:.1f}"

    def y(share: float) -> str:
        return f"{floor - share * (floor - TOP):.1f}"

    path = f"M{LEFT:.1f} {y(band[0][2])}"
    for at, _, upper in band[1:]:
        path += f"H{x(at)}V{y(upper)}"
    path += f"H{x(high)}V{y(band[-1][1])}"
    for (at, _, _), (_, lower, _) in zip(band[:0:-1], band[-2::-1], strict=True):
        path += f"H{x(at)}V{y(lower)}"
    return f"{path}H{LEFT:.1f}Z"


def radar_chart(spokes: Sequence[str], lines: Sequence[Sequence[float | None]]) -> Markup:
    """A spoke a family (or task), 0 at the centre and 1 at the rim.

    Args:
        spokes: their names, three or more.
        lines: by row, its scores, one a spoke.
    """
    middle = SIDE / 2
    parts = [
        element("circle", class_="grid", cx=middle, cy=middle, r=RADIUS * ring / 4)
        for ring in (1, 2, 3, 4)
    ]
    for number, name in enumerate(spokes):
        x, y = _on_spoke(number, len(spokes), 1.0)
        parts.append(_line(middle, middle, x, y))
        away, down = _on_spoke(number, len(spokes), 1.12)
        side = "middle" if abs(away - middle) < 12 else "start" if away > middle else "end"
        short = name if len(name) <= LONGEST_SPOKE else f"{name[: LONGEST_SPOKE - 1]}…"
        parts.append(_text(away, down + 4, short, f"tick {side}"))
    for ring in (0.5, 1.0):
        # Between the first two spokes, where no name stands.
        x, y = _on_spoke(1, 2 * len(spokes), ring)
        parts.append(_text(x + 3, y - 2, f"{ring:g}", "ring"))
    paths = [
        element("path", class_=f"line area c{number}", d=radar_path(scores))
        for number, scores in enumerate(lines)
    ]
    return element(
        "svg",
        join(parts),
        element("g", *paths, class_="lines"),
        class_="chart radar",
        viewbox=f"{-ASIDE:g} 24 {SIDE + 2 * ASIDE:g} {SIDE - 48:g}",
        role="img",
        aria_label=f"scores on {', '.join(spokes)}, a line for each row that is drawn",
    )


def radar_path(scores: Sequence[float | None]) -> str:
    """The closed way around; what has no score lies at the centre, what is beyond at the rim."""
    points = [
        _on_spoke(number, len(scores), min(max(score or 0.0, 0.0), 1.0))
        for number, score in enumerate(scores)
    ]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def scale_of(scores: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The ends of an axis that some scores share, in quarters, from ``LOWEST`` to ``HIGHEST``."""
    flat = [score for line in scores for score in line]
    low, high = min([0.0, *flat]), max([1.0, *flat])
    return max(LOWEST, math.floor(low * 4) / 4), min(HIGHEST, math.ceil(high * 4) / 4)


def _on_spoke(number: int, count: int, share: float) -> tuple[float, float]:
    angle = 2 * math.pi * number / count - math.pi / 2
    middle = SIDE / 2
    reach = RADIUS * share
    return middle + reach * math.cos(angle), middle + reach * math.sin(angle)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return element("path", class_="grid", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}")


def _text(x: float, y: float, words: str, kind: str) -> Markup:
    return element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", class_=kind)
