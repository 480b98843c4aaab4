"""A sheet to draw plans on, in metres: lines, discs, marks and words, smooth at any size."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float64]
Tone = tuple[int, int, int]
Frame = tuple[float, float, float, float]
"""Least x and y, greatest x and y of what is shown [m]."""

SMOOTH = 3
"""How much larger everything is drawn before it is averaged down."""

PAPER: Tone = (252, 251, 248)
INK: Tone = (44, 50, 60)
FAINT: Tone = (120, 124, 132)
GRID: Tone = (234, 232, 226)

TIMES: Sequence[Tone] = (
    (48, 38, 132), (104, 42, 160), (168, 46, 138), (220, 78, 92), (242, 134, 52), (236, 186, 48),
)  # fmt: skip
"""From early to late: every step is lighter than the one before, so that order shows in print,
too. Of our own design, as all colours here."""


def tone_at(share: float) -> Tone:
    """The colour of a time, by its share of the whole, from 0 to 1."""
    place = min(max(share, 0.0), 1.0) * (len(TIMES) - 1)
    low = min(int(place), len(TIMES) - 2)
    return mixed(TIMES[low], TIMES[low + 1], place - low)


def mixed(one: Tone, other: Tone, share: float) -> Tone:
    """A colour with a share of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class Canvas:
    """A sheet with a frame of the world in it.

    Args:
        size: height and width of the picture [px].
        frame: what of the world must be visible; more is shown where the shapes differ.
        inset: room without map at the top, right, bottom and left [px].
    """

    def __init__(
        self, size: tuple[int, int], frame: Frame, inset: tuple[int, int, int, int] = (0, 0, 0, 0)
    ) -> None:
        self.size = size
        height, width = size
        top, right, bottom, left = inset
        tall, wide = max(height - top - bottom, 8), max(width - left - right, 8)
        x0, y0, x1, y1 = frame
        self.scale = min(wide / max(x1 - x0, 1e-6), tall / max(y1 - y0, 1e-6))
        self._middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        self._centre = (left + wide / 2, top + tall / 2)
        self._image = Image.new("RGB", (width * SMOOTH, height * SMOOTH), PAPER)
        self._pen = ImageDraw.Draw(self._image)

    def at(self, place: ArrayLike) -> tuple[float, float]:
        """Where a point of the world is on the enlarged sheet [px]."""
        x, y = np.asarray(place, np.float64)
        across = self._centre[0] + (x - self._middle[0]) * self.scale
        down = self._centre[1] - (y - self._middle[1]) * self.scale
        return float(across) * SMOOTH, float(down) * SMOOTH

    def grid(self, pitch: float = 1.0) -> None:
        """Faint lines every so many metres over the whole sheet."""
        height, width = (side * SMOOTH for side in self.size)
        (x, y), (u, v) = self._middle, (side / 2 / self.scale for side in self.size[::-1])
        for n in range(math.ceil((x - 2 * u) / pitch), math.floor((x + 2 * u) / pitch) + 1):
            across = self.at((n * pitch, y))[0]
            self._pen.line((across, 0, across, height), fill=GRID, width=SMOOTH - 1)
        for n in range(math.ceil((y - 2 * v) / pitch), math.floor((y + 2 * v) / pitch) + 1):
            down = self.at((x, n * pitch))[1]
            self._pen.line((0, down, width, down), fill=GRID, width=SMOOTH - 1)

    def line(self, points: ArrayLike, tone: Tone, width: float) -> None:
        """A way through points `[N, 2]` [m], so many pixels wide, with round joints."""
        way = [self.at(point) for point in np.asarray(points, np.float64)]
        thick = max(1, round(width * SMOOTH))
        if len(way) > 1:
            self._pen.line(way, fill=tone, width=thick, joint="curve")
        if thick > 2:
            for x, y in (way[0], way[-1]):
                half = thick / 2 - 0.5
                self._pen.ellipse((x - half, y - half, x + half, y + half), fill=tone)

    def disc(
        self,
        place: ArrayLike,
        radius: float,
        fill: Tone | None = None,
        rim: Tone | None = None,
        width: float = 1.0,
    ) -> None:
        """A disc by its radius [m], with a rim of so many pixels."""
        (x, y), size = self.at(place), max(radius * self.scale * SMOOTH, 1.5)
        thick = max(1, round(width * SMOOTH)) if rim is not None else 0
        self._pen.ellipse((x - size, y - size, x + size, y + size), fill, rim, thick)

    def veil(self, place: ArrayLike, radius: float, tone: Tone, cover: float) -> None:
        """A disc through which what is below shows."""
        (x, y), size = self.at(place), radius * self.scale * SMOOTH
        mask = Image.new("L", self._image.size, 0)
        box = (x - size, y - size, x + size, y + size)
        ImageDraw.Draw(mask).ellipse(box, fill=round(255 * cover))
        self._image.paste(tone, (0, 0), mask)

    def polygon(self, corners: ArrayLike, fill: Tone, rim: Tone | None = None) -> None:
        """A polygon `[N, 2]` [m]."""
        way = [self.at(corner) for corner in np.asarray(corners, np.float64)]
        self._pen.polygon(way, fill=fill, outline=rim, width=SMOOTH)

    def cross(self, place: ArrayLike, reach: float, tone: Tone, width: float) -> None:
        """Two strokes across a point, on a pale ground; reach and width in pixels."""
        x, y = self.at(place)
        far = reach * SMOOTH
        for wide, colour in ((width + 2.2, PAPER), (width, tone)):
            thick = round(wide * SMOOTH)
            self._pen.line((x - far, y - far, x + far, y + far), fill=colour, width=thick)
            self._pen.line((x - far, y + far, x + far, y - far), fill=colour, width=thick)

    def star(self, place: ArrayLike, reach: float, tone: Tone) -> None:
        """A star of five points; reach in pixels."""
        x, y = self.at(place)
        points = []
        for n in range(10):
            away = reach * SMOOTH * (1.0 if n % 2 == 0 else 0.42)
            angle = math.pi / 2 + n * math.pi / 5
            points.append((x + away * math.cos(angle), y - away * math.sin(angle)))
        self._pen.polygon(points, fill=tone, outline=PAPER, width=SMOOTH)

    def strip(self, box: tuple[float, float, float, float]) -> None:
        """The scale of times, from early to late, in a box of the sheet [px]."""
        x0, y0, x1, y1 = (round(side * SMOOTH) for side in box)
        for x in range(x0, x1):
            tone = tone_at((x - x0) / max(x1 - x0 - 1, 1))
            self._pen.line((x, y0, x, y1), fill=tone)

    def bar(self, place: tuple[float, float], length: float, tone: Tone) -> None:
        """A bar of a length in the world [m] that begins at a pixel."""
        x, y = (side * SMOOTH for side in place)
        end = x + length * self.scale * SMOOTH
        self._pen.line((x, y, end, y), fill=tone, width=2 * SMOOTH)
        for at in (x, end):
            self._pen.line((at, y - 3 * SMOOTH, at, y + 3 * SMOOTH), fill=tone, width=SMOOTH)

    def words(
        self,
        place: tuple[float, float],
        text: str,
        size: float,
        tone: Tone = INK,
        anchor: str = "la",
    ) -> None:
        """A line of text at a pixel; ``anchor`` as in Pillow."""
        x, y = (side * SMOOTH for side in place)
        self._pen.text((x, y), text, fill=tone, font=_font(round(size * SMOOTH)), anchor=anchor)

    def width_of(self, text: str, size: float) -> float:
        """How wide a line of text is [px]."""
        return float(self._pen.textlength(text, font=_font(round(size * SMOOTH)))) / SMOOTH

    def picture(self) -> NDArray[np.uint8]:
        """The sheet as it is now, fresh `[H, W, 3]`."""
        height, width = self.size
        return np.array(self._image.resize((width, height), Image.Resampling.BOX))
