"""Windows with a view and curtains, doors with handles, and the sun that comes in.

All measures are of our own design.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from ..shells import Shell
from .form import Form
from .object_mesh import tube
from .wall import Triple, Wall, is_inside

SILL, LINTEL, DOOR_TOP = 0.86, 2.26, 2.05
"""Foot and top of windows, top of doors [m]."""

REVEAL = 0.11
"""How far panes stand back in the wall [m]."""

SUN = (0.80, -0.60, 0.92)
"""Towards the sun: it shines into windows that look to +x or to -y."""


def add_window(form: Form, wall: Wall, middle: float, width: float) -> None:
    """A pane with a view, a frame with bars, and a sill."""
    left, right = middle - width / 2, middle + width / 2
    pane = [(left, SILL), (right, SILL), (right, LINTEL), (left, LINTEL)]
    points = [wall.point(x, -REVEAL, z) for x, z in pane]
    # A view goes on from window to window, so that two side by side do not show the same tree.
    start = (wall.start[0] * 0.37 + wall.start[1] * 0.23 + middle * 0.2) % 1.0
    uv = [(start, 0.02), (start + width / 4, 0.02), (start + width / 4, 0.98), (start, 0.98)]
    form.quad(points, "outlook", cell=99, uv=uv)
    _add_reveal(form, wall, left, right, SILL, LINTEL)
    bar = 0.028
    for x in (left + bar, middle, right - bar):
        _board(form, wall, (x - bar, x + bar), (-REVEAL, -REVEAL + 0.035), (SILL, LINTEL), "white")
    for z in (SILL + bar, 1.78, LINTEL - bar):
        _board(form, wall, (left, right), (-REVEAL, -REVEAL + 0.03), (z - bar, z + bar), "white")
    _board(form, wall, (left - 0.03, right + 0.03), (0, 0.02), (SILL - 0.045, SILL), "white")


def add_curtains(form: Form, wall: Wall, middle: float, width: float) -> None:
    """A rod over a window, and a curtain at either side of it."""
    left, right = middle - width / 2, middle + width / 2
    rod = [wall.point(x, 0.05, LINTEL + 0.14) for x in (left - 0.42, right + 0.42)]
    form.patch(tube(np.array(rod), 0.012, sides=6), "brass")
    for low, high in ((left - 0.36, left + 0.02), (right - 0.02, right + 0.36)):
        _add_curtain(form, wall, low, high)


def _add_reveal(form: Form, wall: Wall, left: float, right: float, low: float, high: float) -> None:
    """The sides of a hole in a wall."""
    near, far = 0.0, -REVEAL
    ring = [(left, low), (right, low), (right, high), (left, high)]
    for (x0, z0), (x1, z1) in zip(ring, ring[1:] + ring[:1], strict=True):
        corners = [(x0, near, z0), (x1, near, z1), (x1, far, z1), (x0, far, z0)]
        shade = [0.95, 0.95, 0.8, 0.8]
        form.quad([wall.point(*corner) for corner in corners], "trim", cell=9, shade=shade)


def _add_curtain(form: Form, wall: Wall, low: float, high: float) -> None:
    """Cloth in folds down to the sill, higher than tables; darker inside the folds."""
    place = np.linspace(0, 1, 25)
    wave, slope = np.sin(place * math.tau * 4), np.cos(place * math.tau * 4)
    rows = []
    for height, gather in ((SILL - 0.03, 1.0), (LINTEL + 0.13, 0.9)):
        along = (low + high) / 2 + (place - 0.5) * (high - low) * gather
        pairs = zip(along.tolist(), (0.045 + 0.024 * wave).tolist(), strict=True)
        rows.append([wall.point(x, away, height) for x, away in pairs])
    shade = 0.80 + 0.17 * wave + 0.05 * slope
    form.cloth(np.array(rows), "curtain", np.stack([shade - 0.04, shade]))


def add_door(form: Form, wall: Wall, middle: float, width: float) -> None:
    """A closed door with two panels, set back in its frame, and a handle."""
    left, right = middle - width / 2, middle + width / 2
    back = -0.055
    face = [(left, 0.0), (right, 0.0), (right, DOOR_TOP), (left, DOOR_TOP)]
    points = [wall.point(x, back, z) for x, z in face]
    form.quad(points, "door", cell=99, shade=[0.78, 0.78, 0.95, 0.95])
    for (x0, z0), (x1, z1) in zip(face, face[1:] + face[:1], strict=True):
        corners = [(x0, 0.0, z0), (x1, 0.0, z1), (x1, back, z1), (x0, back, z0)]
        sides = [wall.point(*corner) for corner in corners]
        form.quad(sides, "trim", cell=9, shade=[0.9, 0.9, 0.6, 0.6])
    for low, high in ((0.18, 0.92), (1.10, 1.90)):
        _add_panel(form, wall, (left + 0.14, right - 0.14), (low, high), back)
    for low, high in ((left - 0.07, left), (right, right + 0.07)):
        _board(form, wall, (low, high), (0, 0.022), (0, DOOR_TOP + 0.07), "trim")
    _board(form, wall, (left, right), (0, 0.022), (DOOR_TOP, DOOR_TOP + 0.07), "trim")
    grip = right - 0.075
    _board(form, wall, (grip - 0.02, grip + 0.02), (back, back + 0.01), (0.93, 1.12), "steel")
    path = [(grip, back, 1.06), (grip, back + 0.06, 1.06), (grip - 0.13, back + 0.06, 1.06)]
    handle = np.array([wall.point(*corner) for corner in path])
    form.patch(tube(handle, 0.011, sides=6), "steel")


def _add_panel(
    form: Form,
    wall: Wall,
    along: tuple[float, float],
    height: tuple[float, float],
    back: float,
) -> None:
    """A field of a door, with a groove around it in which light and shade meet."""
    (x0, x1), (z0, z1), groove = along, height, 0.03
    outer = [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]
    inner = [(x0 + groove, z0 + groove), (x1 - groove, z0 + groove)]
    inner += [(x1 - groove, z1 - groove), (x0 + groove, z1 - groove)]
    lifted = back + 0.002
    for number, tone in enumerate((0.98, 0.74, 0.60, 0.74)):
        after = (number + 1) % 4
        corners = [outer[number], outer[after], inner[after], inner[number]]
        points = [wall.point(x, lifted, z) for x, z in corners]
        form.quad(points, "door", cell=99, shade=[tone] * 4)
    points = [wall.point(x, lifted, z) for x, z in inner]
    form.quad(points, "door", cell=99, shade=[0.84, 0.84, 0.93, 0.93])


def _board(
    form: Form,
    wall: Wall,
    along: tuple[float, float],
    inward: tuple[float, float],
    height: tuple[float, float],
    colour: str,
) -> None:
    """A box beside a wall, by its distances along it, from it and from the floor [m]."""
    a = wall.point(along[0], inward[0], height[0])
    b = wall.point(along[1], inward[1], height[1])
    low: Triple = (min(a[0], b[0]), min(a[1], b[1]), a[2])
    high: Triple = (max(a[0], b[0]), max(a[1], b[1]), b[2])
    form.box(low, high, colour, cell=99, solid=False, shade=0.95)


def add_sunlight(form: Form, shell: Shell, wall: Wall, middle: float, width: float) -> None:
    """Where the sun falls on the floor through a window, if it shines on that side."""
    nx, ny = wall.inward
    if SUN[0] * nx + SUN[1] * ny > -0.2:
        return
    count = 10
    half = width / 2 - 0.05

    def spot(u: float, v: float) -> Triple:
        z = SILL + 0.06 + (LINTEL - SILL - 0.12) * v
        x, y, _ = wall.point(middle - half + 2 * half * u, -REVEAL, z)
        return x - SUN[0] / SUN[2] * z, y - SUN[1] / SUN[2] * z, 0.0045

    for i, j in itertools.product(range(count), repeat=2):
        place = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        uv = [(u / count, v / count) for u, v in place]
        corners = [spot(u, v) for u, v in uv]
        x, y = (sum(corner[axis] for corner in corners) / 4 for axis in (0, 1))
        if is_inside(shell, x, y) and not _crosses(shell, wall, middle, x, y):
            turn = 1 if _is_upward(corners) else -1
            form.quad(corners[::turn], "sunlight", cell=99, uv=uv[::turn])


def _is_upward(corners: list[Triple]) -> bool:
    (x0, y0, _), (x1, y1, _), (x2, y2, _) = corners[:3]
    return (x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1) > 0


def _crosses(shell: Shell, wall: Wall, middle: float, x: float, y: float) -> bool:
    """Whether a partition or a corner stands between a window and a point on the floor."""
    x0, y0, _ = wall.point(middle, 0.02, 0)
    for step in np.linspace(0, 1, 24):
        px, py = x0 + (x - x0) * step, y0 + (y - y0) * step
        if not is_inside(shell, px, py):
            return True
        if any(
            a - 0.02 < px < c + 0.02 and b - 0.02 < py < d + 0.02 for a, b, c, d in shell.partitions
        ):
            return True
    return False
