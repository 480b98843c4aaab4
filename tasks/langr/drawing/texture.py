"""Pictures that surfaces wear, painted with numpy from fixed seeds: nothing is shipped.

All are of our own design. Those that end in a fourth channel are laid over others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Light = NDArray[np.float64]

COLUMNS, THICKNESS = 64, 16
"""Texels along a ramp of shade, and rows of texels a colour: thick, since small copies of the
picture mix neighbouring rows."""

DARKEST = 0.12
"""Light at the ramp's dark end; nothing is ever quite black."""


def ramps(colours: list[tuple[float, float, float]]) -> Picture:
    """A ramp from dark to full light for every colour `[N * THICKNESS, COLUMNS, 3]`.

    Shade is not grey: it keeps some warmth, as light thrown back by a floor does.
    """
    light = np.linspace(DARKEST, 1.0, COLUMNS)[:, None]
    warm = np.concatenate([light**0.92, light, light**1.06], axis=1)
    rows = [np.asarray(colour)[None, :] * warm for colour in colours]
    return _bytes(np.repeat(np.stack(rows), THICKNESS, axis=0))


def paint_coordinates(row: tuple[int, int], shade: Light) -> NDArray[np.float32]:
    """Where in the ramps points look `[N, 2]`.

    Args:
        row: the colour's number, and how many there are.
        shade: light that reaches each point `[N]`.
    """
    place = np.clip((shade - DARKEST) / (1 - DARKEST), 0, 1)
    u = (place * (COLUMNS - 1) + 0.5) / COLUMNS
    v = np.full_like(u, (row[0] + 0.5) / row[1])
    return np.stack([u, v], axis=1).astype(np.float32)


def boards(side: int = 1024, rows: int = 16) -> Picture:
    """Floor boards along the first axis, each of its own tone, with grain and joints."""
    dice = np.random.default_rng(11)
    high = side // rows
    picture = np.zeros((side, side, 3))
    x = np.arange(side)
    for row in range(rows):
        cuts = np.sort(dice.choice(np.arange(0, side, side // 16), 2, replace=False))
        start = int(dice.integers(side))
        for low, length in ((cuts[0], cuts[1] - cuts[0]), (cuts[1], side - cuts[1] + cuts[0])):
            where = (low + start + x[:length]) % side
            tone = dice.uniform(0.87, 1.0)
            hue = np.array([1.0, 1.0 + dice.normal(0, 0.012), 1.0 + dice.normal(0, 0.03)])
            fibres = _smooth(dice.normal(0, 1, (high, length)), (1, 60)) * 0.16
            bands = _smooth(dice.normal(0, 1, (high, 1)), (3, 1)) * 0.045
            board = tone * (1 + fibres + bands)
            board[:2] *= 0.66
            board[:, :3] *= 0.70
            picture[row * high : (row + 1) * high, where] = board[..., None] * hue * tone**0.25
    return _bytes(picture)


def grain(side: int = 256) -> Picture:
    """The wood of a table's top, along the second axis, a little darker at its edges."""
    dice = np.random.default_rng(12)
    flame = _smooth(dice.normal(0, 1, (side, side)), (90, 2)) * 1.1
    fine = _smooth(dice.normal(0, 1, (side, side)), (30, 1)) * 0.28
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    vignette = 1 - 0.10 * np.maximum(np.abs(x), np.abs(y)) ** 6
    seams = np.ones(side)
    seams[:: side // 6] = 0.82
    return _grey((0.90 + 0.55 * flame + 0.5 * fine) * vignette * seams[None, :])


def tiles(side: int = 256) -> Picture:
    """Wall tiles laid like bricks, with joints."""
    dice = np.random.default_rng(13)
    picture = np.zeros((side, side))
    high, wide = side // 8, side // 4
    for row in range(8):
        for column in range(4):
            where = (np.arange(wide) + column * wide + (row % 2) * wide // 2) % side
            tile = np.full((high, wide), dice.uniform(0.90, 1.0))
            tile += np.linspace(0.02, -0.03, high)[:, None]
            tile[:2, :] = tile[:, :2] = 0.74
            picture[row * high : (row + 1) * high, where] = tile
    return _grey(picture)


def carpet(side: int = 256) -> Picture:
    """A rug: borders, rows of lozenges, a woven ground."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    edge = np.maximum(np.abs(x), np.abs(y))
    light = np.full((side, side), 0.94)
    lozenges = np.abs((x * 4) % 2 - 1) + np.abs((y * 4) % 2 - 1)
    light[lozenges < 0.42] = 0.66
    light[np.abs(lozenges - 0.78) < 0.08] = 0.80
    light[edge > 0.80] = 0.98
    light[(edge > 0.84) & (edge < 0.90)] = 0.60
    light[edge > 0.965] = 0.74
    dice = np.random.default_rng(14)
    weave = 0.035 * np.sin(np.arange(side) * np.pi / 1.5)[:, None]
    return _grey(light * (1 + weave + dice.normal(0, 0.035, (side, side))))


def blot(side: int = 64) -> Picture:
    """The soft shadow under what stands on a floor; the outer quarter fades away."""
    ramp = np.clip((1 - np.abs(np.linspace(-1, 1, side))) / 0.36, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return _veil((26, 18, 12), np.outer(ramp, ramp) * 0.62)


def disc(side: int = 32) -> Picture:
    """The soft shadow under a small thing."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    fall = np.clip(1 - np.hypot(x, y), 0, 1)
    return _veil((20, 14, 10), fall * fall * (3 - 2 * fall) * 0.6)


def rim(side: int = 64) -> Picture:
    """Dark at the first row and clear at the last: where a wall meets the floor."""
    return _veil((34, 24, 16), np.linspace(1, 0, side)[:, None] ** 2.2 * np.ones((1, 8)) * 0.55)


def sunlight(side: int = 128) -> Picture:
    """Sun through a window of two by two panes, soft at its edges."""
    place = np.linspace(0, 1, side)
    ramp = np.clip(np.minimum(place, 1 - place) / 0.06, 0, 1)
    ramp = ramp * np.clip(np.abs(place - 0.5) / 0.035 - 0.25, 0, 1)
    return _veil((255, 236, 196), np.outer(ramp, ramp) * 0.40)


def outlook(height: int = 256, width: int = 512) -> Picture:
    """What a window shows, first row lowest: trees, far hills, bright sky with clouds."""
    dice = np.random.default_rng(15)
    y = np.linspace(0, 1, height)[:, None, None]
    low, high = np.array([0.98, 0.97, 0.93]), np.array([0.58, 0.79, 0.97])
    picture = low + (high - low) * np.clip((y - 0.30) / 0.7, 0, 1) + np.zeros((height, width, 1))
    clouds = _blurred(dice, (height, width), (14, 52))
    picture += np.clip(clouds * 0.45 - 0.08, 0, 0.45)[..., None] * np.clip(y * 1.6 - 0.5, 0, 1)
    for level, rough, swing, colour in (
        (0.40, 90, 0.040, (0.72, 0.81, 0.85)),
        (0.33, 46, 0.035, (0.60, 0.73, 0.62)),
        (0.25, 18, 0.030, (0.45, 0.61, 0.38)),
        (0.15, 12, 0.035, (0.37, 0.54, 0.29)),
    ):
        crest = level + swing * _blurred(dice, (1, width), (1, rough))[0]
        below = np.arange(height)[:, None] / height < crest[None, :]
        leaves = 1 + 0.10 * _blurred(dice, (height, width), (5, 5)) * (rough < 50)
        picture = np.where(below[..., None], np.asarray(colour) * leaves[..., None], picture)
    return _bytes(picture)


def paintings(side: int = 128, count: int = 3) -> Picture:
    """Abstract pictures side by side: fields, arcs and a horizon `[side, count * side, 3]`."""
    dice = np.random.default_rng(16)
    inks = np.array(
        [(0.93, 0.89, 0.80), (0.80, 0.42, 0.30), (0.20, 0.36, 0.44), (0.90, 0.68, 0.36),
         (0.46, 0.58, 0.50)]
    )  # fmt: skip
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    frames = []
    for number in range(count):
        picture = np.broadcast_to(inks[0], (side, side, 3)).copy()
        order = np.roll(np.arange(1, 5), number + 1)
        hills = 0.26 + 0.06 * number + 0.12 * np.sin(x * (3 + 2 * number) + number * 2)
        picture[y < hills + 0.18] = inks[order[0]]
        picture[y < hills] = inks[order[1]]
        sun = np.hypot(x - dice.uniform(0.3, 0.7), y - 0.68) < 0.15
        picture[sun] = inks[order[2]]
        picture[y < 0.16 + 0.1 * np.cos(x * 4 - number)] = inks[order[3]]
        mount = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) < 0.1
        picture[mount] = (0.96, 0.95, 0.92)
        frames.append(picture)
    return _bytes(np.concatenate(frames, axis=1))


def gleam(side: int = 64) -> Picture:
    """A dark pane in which a window is faintly mirrored."""
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    light = 0.055 + 0.05 * y + 0.10 * np.exp(-(((x - y * 0.35 - 0.42) / 0.12) ** 2))
    return _bytes(light[..., None] * np.array([0.85, 0.95, 1.15]))


def _smooth(values: Light, reach: tuple[int, int]) -> Light:
    """Running means along both axes, ends joined, so that pictures repeat without seams."""
    for axis, width in enumerate(reach):
        if width > 1:
            kernel = np.zeros(values.shape[axis])
            kernel[:width] = 1 / width
            spectrum = np.fft.rfft(kernel)
            shape = [1, 1]
            shape[axis] = len(spectrum)
            mixed = np.fft.rfft(values, axis=axis) * spectrum.reshape(shape)
            values = np.fft.irfft(mixed, n=values.shape[axis], axis=axis)
    return values


def _blurred(dice: np.random.Generator, shape: tuple[int, int], reach: tuple[int, int]) -> Light:
    """Soft noise of unit spread."""
    found = dice.normal(0, 1, shape)
    for _ in range(3):
        found = _smooth(found, reach)
    return np.asarray(found / found.std())


def _bytes(light: Light) -> Picture:
    return np.asarray(np.clip(light, 0, 1) * 255, np.uint8)


def _grey(light: Light) -> Picture:
    return np.repeat(_bytes(light)[..., None], 3, axis=2)


def _veil(colour: tuple[int, int, int], cover: Light) -> Picture:
    """One colour that covers what is below by a fraction."""
    picture = np.zeros((*cover.shape, 4), np.uint8)
    picture[..., :3] = colour
    picture[..., 3] = _bytes(cover)
    return picture
