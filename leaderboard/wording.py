"""Figures as words: shares in per cent, intervals, durations. ``–`` where there is no figure."""

from __future__ import annotations

from .result import Estimate, Headline

NONE = "–"


def percent(value: float | None) -> str:
    """A share in per cent, one decimal."""
    return NONE if value is None else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """A figure of unknown size, about three digits of it."""
    if value is None:
        return NONE
    if abs(value) >= 1e9:
        return f"{value:.3g}"
    size = abs(value)
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:,.{decimals}f}"


def value(found: float | None, *, as_share: bool) -> str:
    """A figure that is a share, or of unknown size."""
    return percent(found) if as_share else number(found)


def span(figure: Estimate | Headline, *, as_share: bool) -> str:
    """The interval of a figure in brackets; empty where it has none."""
    if figure.low is None or figure.high is None:
        return ""
    if as_share:
        return f"[{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
    return f"[{number(figure.low)}, {number(figure.high)}]"


def duration(seconds: float) -> str:
    """A time span in the two units that matter."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def plural(count: int, noun: str) -> str:
    """A count and its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
