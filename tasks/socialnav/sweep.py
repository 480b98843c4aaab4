"""Whether moving discs touch between two moments, in closed form: nothing slips through.

At 1 m/s towards one another and a step of 0.25 s two bodies move by half a metre, so looking at
the ends of a step is not enough. All motion within a step is taken as straight and even; a robot
that drives an arc is handed over in pieces.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .force import nearest_on_segment

Floats = NDArray[np.float64]

GRAZE = 1e-9
"""Overlap with a wall that is nothing but rounding [m]."""


TINY = 1e-300
"""Stands for a square of zero where it divides."""


class Contact(NamedTuple):
    """What a sweep found, for each pair.

    Attributes:
        gap: the least distance of the surfaces in the step, `[...]` [m]; negative in overlap.
        share: the part of the step that had passed when they came to touch, `[...]`; infinite
            where they did not, 0 where they overlapped from the start.
    """

    gap: Floats
    share: Floats


def disc_contact(apart: Floats, drift: Floats, reach: Floats) -> Contact:
    """Two discs, seen from one of them.

    Args:
        apart: from the one to the other at the start, `[..., 2]` [m].
        drift: how that changes over the step, `[..., 2]` [m].
        reach: sum of the radii, `[...]` [m].
    """
    ax, ay, dx, dy = apart[..., 0], apart[..., 1], drift[..., 0], drift[..., 1]
    squared = dx * dx + dy * dy
    closing = -(ax * dx + ay * dy)
    moving = np.maximum(squared, TINY)
    passed = np.minimum(np.maximum(closing / moving, 0.0), 1.0)
    gap = np.asarray(np.hypot(ax + passed * dx, ay + passed * dy) - reach)
    share = np.full(gap.shape, np.inf)
    if not (gap < 0).any():
        return Contact(gap, share)
    # |apart + s drift| = reach: the smaller root, where there is one.
    outside = ax * ax + ay * ay - reach * reach
    root = np.sqrt(np.maximum(closing * closing - squared * outside, 0.0))
    entry = np.where(outside < 0, 0.0, np.maximum(closing - root, 0.0) / moving)
    return Contact(gap, np.where(gap < 0, entry, share))


def wall_contact(begin: Floats, end: Floats, radius: float, segments: Floats) -> Contact:
    """A disc that moves straight, against each of some walls.

    A disc that rests on a wall, or in it, does not touch it by moving along or away.

    Args:
        begin: its centre at the start, `[2]` [m].
        end: its centre at the end, `[2]` [m].
        radius: of the disc [m].
        segments: ``x1 y1 x2 y2``, `[W, 4]` [m].
    """
    gap = _segment_distance(begin, end, segments) - radius
    rest = np.hypot(*(nearest_on_segment(begin, segments) - begin).T) - radius
    touched = (gap < -GRAZE) & (gap < rest - GRAZE)
    share = np.full(len(segments), np.inf)
    if touched.any():
        share[touched] = _entry(begin, end - begin, radius, segments[touched])
    return Contact(gap, share)


def _segment_distance(begin: Floats, end: Floats, segments: Floats) -> Floats:
    """The least distance of one segment from each of some others, `[W]` [m]."""
    first, last = segments[:, :2], segments[:, 2:]
    line = np.concatenate([begin, end])
    apart = np.stack(
        [
            nearest_on_segment(begin, segments) - begin,
            nearest_on_segment(end, segments) - end,
            nearest_on_segment(first, line) - first,
            nearest_on_segment(last, line) - last,
        ]
    )
    distance = np.hypot(apart[..., 0], apart[..., 1]).min(axis=0)
    opposite = _side(begin, end, first) * _side(begin, end, last) < 0
    opposite &= _side(first, last, begin) * _side(first, last, end) < 0
    return np.where(opposite, 0.0, distance)


def _side(begin: Floats, end: Floats, point: Floats) -> Floats:
    """Positive where a point lies to the left of a line, `[...]`."""
    along, offset = end - begin, point - begin
    return np.asarray(along[..., 0] * offset[..., 1] - along[..., 1] * offset[..., 0])


def _entry(begin: Floats, drift: Floats, radius: float, segments: Floats) -> Floats:
    """The part of the step at which a disc comes to touch walls that it touches, `[W]`."""
    first, along = segments[:, :2], segments[:, 2:] - segments[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    unit = along / np.where(length > 0, length, 1.0)[:, None]
    still = np.broadcast_to(-drift, first.shape)
    reach = np.full(len(segments), radius)
    share = np.minimum(
        disc_contact(first - begin, still, reach).share,
        disc_contact(segments[:, 2:] - begin, still, reach).share,
    )
    # The straight side: how far off the wall's line, and how fast that sinks.
    offset = begin - first
    height = unit[:, 0] * offset[:, 1] - unit[:, 1] * offset[:, 0]
    rate = (unit[:, 0] * drift[1] - unit[:, 1] * drift[0]) * np.where(height < 0, -1.0, 1.0)
    sinking = rate < 0
    when = np.maximum(np.abs(height) - radius, 0.0) / np.where(sinking, -rate, 1.0)
    place = (offset * unit).sum(axis=1) + when * (unit @ drift)
    beside = sinking & (place >= 0) & (place <= length) & (length > 0)
    return np.minimum(share, np.where(beside, when, np.inf))
