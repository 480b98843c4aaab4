"""Charts of the page on adapters, as SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .markup import Markup, element, join

WIDTH, HEIGHT = 700.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 118.0, 14.0, 46.0
"""Size of the chart of errors and its margins [px]; series are named in the right one."""

USE_WIDTH, USE_HEIGHT = 220.0, 54.0
CELL_WIDTH, CELL_HEIGHT = 200.0, 62.0

TICKS = 8
"""About so many ticks along an axis."""


class Point(NamedTuple):
    """One adapter in one setting: bits, error, and what to say when it is pointed at."""

    bits: float
    error: float
    words: str


class Axes(NamedTuple):
    """The scales of the chart of errors: bits across, powers of ten up."""

    low: int
    high: int
    step: float
    most: float

    @classmethod
    def over(cls, points: Sequence[Point], ceiling: float) -> Axes:
        """Scales that hold all points and the ceiling."""
        errors = [*(point.error for point in points), ceiling]
        low, high = math.floor(math.log10(min(errors))), math.ceil(math.log10(max(errors)))
        bits = max(point.bits for point in points)
        step = _step(bits)
        return cls(low, max(high, low + 1), step, step * math.ceil(1.02 * bits / step))

    def x(self, bits: float) -> float:
        """The place of so many bits [px]."""
        return round(LEFT + bits / self.most * (WIDTH - LEFT - RIGHT), 1)

    def y(self, error: float) -> float:
        """The place of an error [px]."""
        share = (math.log10(error) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def error_chart(series: Mapping[str, Sequence[Point]], ceiling: float) -> Markup:
    """Error against bits: a line a series, logarithmic upwards.

    Args:
        series: by adapter; its points are joined in the order of their bits.
        ceiling: the error of saying the mean, drawn as a line.
    """
    axes = Axes.over([point for members in series.values() for point in members], ceiling)
    right = axes.x(axes.most)
    parts = _grid(axes)
    parts.append(_path("ceiling", [(axes.x(0), axes.y(ceiling)), (right, axes.y(ceiling))]))
    parts.append(_text(right + 8, axes.y(ceiling) + 4, "always the mean", "soft-text"))
    ends: list[tuple[float, float, str]] = []
    for name, members in series.items():
        ordered = sorted(members)
        places = [(axes.x(point.bits), axes.y(point.error)) for point in ordered]
        parts.append(_path(f"series {name}", places))
        parts += [
            element(
                "g",
                element("title", point.words),
                element("circle", class_=f"point {name}", cx=at[0], cy=at[1], r=4.5),
            )
            for point, at in zip(ordered, places, strict=True)
        ]
        ends.append((places[-1][1], places[-1][0], name))
    return _svg(
        parts + _names(ends), WIDTH, HEIGHT, "errors", "mean squared error against bits an action"
    )


def _step(most: float) -> float:
    """A round distance between ticks."""
    rough = most / TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * times for times in (1, 2, 5, 10) if size * times >= rough)


def _grid(axes: Axes) -> list[Markup]:
    left, right, floor = axes.x(0), axes.x(axes.most), HEIGHT - BOTTOM
    parts = []
    for power in range(axes.low, axes.high + 1):
        at = axes.y(10.0**power)
        parts += [_path("grid", [(left, at), (right, at)]), _power(left - 8, at + 4, power)]
    for number in range(round(axes.most / axes.step) + 1):
        at = axes.x(number * axes.step)
        parts.append(_path("grid", [(at, floor), (at, floor + 5)]))
        parts.append(_text(at, floor + 20, f"{number * axes.step:g}", "tick-text middle"))
    parts.append(_text((left + right) / 2, HEIGHT - 6, "bits an action", "soft-text middle"))
    return parts


def _power(x: float, y: float, power: int) -> Markup:
    raised = element("tspan", f"{power}".replace("-", "\u2212"), dy="-5", class_="raised")
    return element("text", "10", raised, x=round(x, 1), y=round(y, 1), class_="tick-text end")


def _names(ends: Sequence[tuple[float, float, str]]) -> list[Markup]:
    """The series' names beside their last points, none over another."""
    placed: list[tuple[float, float]] = []
    parts = []
    for height, at, name in sorted(ends):
        low = height + 4
        while any(abs(low - other) < 14 and abs(at - there) < 90 for other, there in placed):
            low += 2
        placed.append((low, at))
        parts.append(_text(at + 9, low, name, f"name {name}"))
    return parts


def usage_chart(counts: Sequence[int], words: str) -> Markup:
    """How often each code was said, the most used first, heights by their square root."""
    ordered = sorted(counts, reverse=True)
    most = max(max(ordered, default=0), 1)
    width = USE_WIDTH / len(ordered)
    path = [f"M0 {USE_HEIGHT:g}"]
    for number, count in enumerate(ordered):
        top = USE_HEIGHT - math.sqrt(count / most) * (USE_HEIGHT - 2)
        path.append(f"L{number * width:.1f} {top:.1f}L{(number + 1) * width:.1f} {top:.1f}")
    path.append(f"L{USE_WIDTH:g} {USE_HEIGHT:g}Z")
    base = _path("grid", [(0, USE_HEIGHT - 0.5), (USE_WIDTH, USE_HEIGHT - 0.5)])
    parts = [element("path", class_="use", d="".join(path)), base]
    return _svg(parts, USE_WIDTH, USE_HEIGHT, "usage", words)


def trace_chart(
    actions: Sequence[float], said: Sequence[float], bounds: tuple[float, float], name: str
) -> Markup:
    """One dimension over time: as it was, and as an adapter says it.

    Args:
        actions: a value a step.
        said: likewise; may be shorter.
        bounds: the axis' ends.
        name: the adapter, for its colour.
    """
    low, high = bounds

    def places(values: Sequence[float]) -> list[tuple[float, float]]:
        across = (CELL_WIDTH - 2) / max(len(actions) - 1, 1)
        room = CELL_HEIGHT - 10
        return [
            (
                round(1 + step * across, 1),
                round(5 + (1 - (value - low) / ((high - low) or 1)) * room, 1),
            )
            for step, value in enumerate(values)
        ]

    frame = element(
        "rect", class_="frame", x=0.5, y=0.5, width=CELL_WIDTH - 1, height=CELL_HEIGHT - 1, rx=2
    )
    parts = [frame, _path("actual", places(actions)), _path(f"series {name}", places(said))]
    return _svg(parts, CELL_WIDTH, CELL_HEIGHT, "trace", f"over time, through {name}")


def _path(kind: str, places: Sequence[tuple[float, float]]) -> Markup:
    drawn = "L".join(f"{x:g} {y:g}" for x, y in places)
    return element("path", class_=kind, d=f"M{drawn}")


def _text(x: float, y: float, words: str, kind: str) -> Markup:
    return element("text", words, x=round(x, 1), y=round(y, 1), class_=kind)


def _svg(parts: Sequence[Markup], width: float, height: float, kind: str, words: str) -> Markup:
    return element(
        "svg",
        join(parts),
        class_=f"chart {kind}",
        width=width,
        height=height,
        viewbox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=words,
    )
