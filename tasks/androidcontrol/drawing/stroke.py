"""Shapes with smooth edges: discs, rounded boxes and icons, each made once and then stamped."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFont

SMOOTH = 4
"""How much larger a stamp is drawn before it is averaged down."""

Pen = ImageDraw.ImageDraw
Tone = tuple[int, int, int]


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that Pillow brings, the same on every machine.

    Args:
        size: [px].
    """
    return ImageFont.load_default(size)


@functools.lru_cache(512)
def disc(radius: int) -> Image.Image:
    """The mask of a disc, `2 * radius` wide."""
    large = Image.new("L", (2 * radius * SMOOTH,) * 2, 0)
    ImageDraw.Draw(large).ellipse((0, 0, large.width - 1, large.height - 1), fill=255)
    return large.resize((2 * radius, 2 * radius), Image.Resampling.BOX)


def fill_rounded(
    image: Image.Image, box: tuple[int, int, int, int], radius: int, tone: Tone
) -> None:
    """Fills a box with round corners: two bars and four quarters of a disc."""
    left, top, right, bottom = box
    radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
    pen = ImageDraw.Draw(image)
    if not radius:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=tone)
        return
    if right - left > 2 * radius:
        pen.rectangle((left + radius, top, right - radius - 1, bottom - 1), fill=tone)
    if bottom - top > 2 * radius:
        pen.rectangle((left, top + radius, right - 1, bottom - radius - 1), fill=tone)
    mask = disc(radius)
    for x, across in ((left, 0), (right - radius, radius)):
        for y, down in ((top, 0), (bottom - radius, radius)):
            corner = mask.crop((across, down, across + radius, down + radius))
            image.paste(tone, (x, y), corner)


@functools.lru_cache(512)
def icon(name: str, size: int) -> Image.Image:
    """The mask of an icon.

    Args:
        name: one of ``ICONS``.
        size: of its side [px].
    """
    side = size * SMOOTH
    large = Image.new("L", (side, side), 0)
    _Easel(ImageDraw.Draw(large), side).paint(name)
    return large.resize((size, size), Image.Resampling.BOX)


class _Easel:
    """Draws in a unit square, ink on nothing."""

    def __init__(self, pen: Pen, side: int) -> None:
        self._pen, self._side = pen, side

    def paint(self, name: str) -> None:
        ICONS[name](self)

    def line(self, *points: float, width: float = 0.09, ink: int = 255) -> None:
        scaled = [value * self._side for value in points]
        thick = max(1, round(width * self._side))
        self._pen.line(scaled, fill=ink, width=thick, joint="curve")
        for x, y in ((scaled[0], scaled[1]), (scaled[-2], scaled[-1])):
            half = thick / 2
            self._pen.ellipse((x - half, y - half, x + half, y + half), fill=ink)

    def box(self, *corners: float, radius: float = 0.08, ink: int = 255) -> None:
        scaled = [value * self._side for value in corners]
        self._pen.rounded_rectangle(scaled, radius * self._side, fill=ink)

    def frame(self, *corners: float, radius: float = 0.1, width: float = 0.08) -> None:
        scaled = [value * self._side for value in corners]
        thick = max(1, round(width * self._side))
        self._pen.rounded_rectangle(scaled, radius * self._side, outline=255, width=thick)

    def disc(self, x: float, y: float, radius: float, ink: int = 255) -> None:
        side = self._side
        self._pen.ellipse(
            ((x - radius) * side, (y - radius) * side, (x + radius) * side, (y + radius) * side),
            fill=ink,
        )

    def ring(self, x: float, y: float, radius: float, width: float = 0.08) -> None:
        self.disc(x, y, radius)
        self.disc(x, y, radius - width, ink=0)

    def patch(self, *points: float, ink: int = 255) -> None:
        self._pen.polygon([value * self._side for value in points], fill=ink)


def _mail(on: _Easel) -> None:
    on.box(0.1, 0.22, 0.9, 0.78)
    on.line(0.16, 0.32, 0.5, 0.56, 0.84, 0.32, width=0.07, ink=0)


def _gear(on: _Easel) -> None:
    for turn in range(8):
        angle = turn * math.pi / 4
        x, y = math.cos(angle), math.sin(angle)
        on.line(0.5 + 0.2 * x, 0.5 + 0.2 * y, 0.5 + 0.36 * x, 0.5 + 0.36 * y, width=0.16)
    on.disc(0.5, 0.5, 0.3)
    on.disc(0.5, 0.5, 0.13, ink=0)


def _calendar(on: _Easel) -> None:
    on.box(0.14, 0.18, 0.86, 0.88)
    on.box(0.22, 0.4, 0.78, 0.8, radius=0.03, ink=0)
    for x in (0.3, 0.7):
        on.line(x, 0.1, x, 0.24, width=0.09)
    for row in (0.5, 0.68):
        for column in (0.34, 0.5, 0.66):
            on.disc(column, row, 0.05)


def _search(on: _Easel) -> None:
    on.ring(0.42, 0.42, 0.29, width=0.09)
    on.line(0.64, 0.64, 0.86, 0.86, width=0.11)


def _clock(on: _Easel) -> None:
    on.ring(0.5, 0.5, 0.38, width=0.09)
    on.line(0.5, 0.28, 0.5, 0.52, 0.66, 0.62, width=0.08)


def _cart(on: _Easel) -> None:
    on.line(0.08, 0.2, 0.22, 0.2, 0.34, 0.62, 0.78, 0.62, width=0.08)
    on.patch(0.27, 0.3, 0.92, 0.3, 0.82, 0.56, 0.35, 0.56)
    on.disc(0.4, 0.8, 0.08)
    on.disc(0.72, 0.8, 0.08)


def _note(on: _Easel) -> None:
    on.box(0.2, 0.1, 0.8, 0.9)
    for y in (0.32, 0.48, 0.64):
        on.line(0.33, y, 0.67 if y < 0.6 else 0.55, y, width=0.06, ink=0)


def _globe(on: _Easel) -> None:
    on.ring(0.5, 0.5, 0.4, width=0.08)
    on.line(0.12, 0.5, 0.88, 0.5, width=0.07)
    on.line(0.5, 0.12, 0.5, 0.88, width=0.07)
    on.line(0.2, 0.28, 0.5, 0.36, 0.8, 0.28, width=0.06)
    on.line(0.2, 0.72, 0.5, 0.64, 0.8, 0.72, width=0.06)


def _wifi(on: _Easel) -> None:
    side = on._side
    for radius in (0.42, 0.28):
        corners = tuple(
            side * v for v in (0.5 - radius, 0.78 - radius, 0.5 + radius, 0.78 + radius)
        )
        on._pen.arc(corners, 225, 315, fill=255, width=max(1, round(0.09 * side)))
    on.disc(0.5, 0.76, 0.08)


def _moon(on: _Easel) -> None:
    on.disc(0.48, 0.5, 0.36)
    on.disc(0.64, 0.38, 0.31, ink=0)


def _bell(on: _Easel) -> None:
    on.disc(0.5, 0.4, 0.26)
    on.box(0.24, 0.4, 0.76, 0.7, radius=0.02)
    on.line(0.18, 0.7, 0.82, 0.7, width=0.1)
    on.disc(0.5, 0.84, 0.08)


def _sound(on: _Easel) -> None:
    on.patch(0.14, 0.38, 0.3, 0.38, 0.52, 0.18, 0.52, 0.82, 0.3, 0.62, 0.14, 0.62)
    on.line(0.66, 0.36, 0.74, 0.5, 0.66, 0.64, width=0.08)
    on.line(0.78, 0.26, 0.9, 0.5, 0.78, 0.74, width=0.08)


def _sun(on: _Easel) -> None:
    on.disc(0.5, 0.5, 0.2)
    for turn in range(8):
        x, y = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
        on.line(0.5 + 0.3 * x, 0.5 + 0.3 * y, 0.5 + 0.4 * x, 0.5 + 0.4 * y, width=0.09)


def _battery(on: _Easel) -> None:
    on.box(0.28, 0.18, 0.72, 0.92, radius=0.07)
    on.box(0.4, 0.08, 0.6, 0.22, radius=0.03)
    on.patch(0.54, 0.32, 0.36, 0.6, 0.48, 0.6, 0.46, 0.8, 0.64, 0.5, 0.52, 0.5, ink=0)


def _phone(on: _Easel) -> None:
    on.box(0.26, 0.06, 0.74, 0.94, radius=0.09)
    on.box(0.33, 0.17, 0.67, 0.76, radius=0.02, ink=0)
    on.disc(0.5, 0.85, 0.045, ink=0)


def _person(on: _Easel) -> None:
    on.disc(0.5, 0.34, 0.18)
    on.disc(0.5, 0.86, 0.34)
    on.box(0.1, 0.9, 0.9, 1.0, radius=0, ink=0)


def _picture(on: _Easel) -> None:
    on.box(0.12, 0.18, 0.88, 0.82)
    on.patch(0.2, 0.74, 0.4, 0.44, 0.54, 0.62, 0.64, 0.52, 0.8, 0.74, ink=0)
    on.disc(0.68, 0.34, 0.07, ink=0)


def _message(on: _Easel) -> None:
    on.box(0.12, 0.16, 0.88, 0.68, radius=0.14)
    on.patch(0.26, 0.62, 0.26, 0.88, 0.5, 0.62)


def _pin(on: _Easel) -> None:
    on.disc(0.5, 0.38, 0.28)
    on.patch(0.25, 0.48, 0.75, 0.48, 0.5, 0.92)
    on.disc(0.5, 0.38, 0.11, ink=0)


def _music(on: _Easel) -> None:
    on.disc(0.32, 0.74, 0.14)
    on.disc(0.72, 0.66, 0.14)
    on.line(0.43, 0.74, 0.43, 0.24, 0.83, 0.16, 0.83, 0.66, width=0.08)


def _trash(on: _Easel) -> None:
    on.line(0.2, 0.26, 0.8, 0.26, width=0.09)
    on.line(0.42, 0.16, 0.58, 0.16, width=0.09)
    on.box(0.28, 0.34, 0.72, 0.88)


def _star(on: _Easel) -> None:
    points = []
    for corner in range(10):
        radius = 0.42 if corner % 2 == 0 else 0.18
        angle = -math.pi / 2 + corner * math.pi / 5
        points += [0.5 + radius * math.cos(angle), 0.52 + radius * math.sin(angle)]
    on.patch(*points)


def _play(on: _Easel) -> None:
    on.patch(0.26, 0.16, 0.26, 0.84, 0.84, 0.5)


def _dots(on: _Easel) -> None:
    for y in (0.2, 0.5, 0.8):
        on.disc(0.5, y, 0.09)


def _camera(on: _Easel) -> None:
    on.box(0.1, 0.28, 0.9, 0.82)
    on.box(0.34, 0.18, 0.66, 0.36, radius=0.05)
    on.disc(0.5, 0.54, 0.19, ink=0)
    on.disc(0.5, 0.54, 0.11)


def _pencil(on: _Easel) -> None:
    on.line(0.3, 0.7, 0.74, 0.26, width=0.2)
    on.patch(0.14, 0.86, 0.2, 0.62, 0.38, 0.8)


def _back(on: _Easel) -> None:
    on.line(0.62, 0.2, 0.32, 0.5, 0.62, 0.8, width=0.1)


def _arrow(on: _Easel) -> None:
    on.line(0.86, 0.5, 0.16, 0.5, width=0.09)
    on.line(0.46, 0.2, 0.16, 0.5, 0.46, 0.8, width=0.09)


def _next(on: _Easel) -> None:
    on.line(0.38, 0.2, 0.68, 0.5, 0.38, 0.8, width=0.1)


def _plus(on: _Easel) -> None:
    on.line(0.5, 0.16, 0.5, 0.84, width=0.1)
    on.line(0.16, 0.5, 0.84, 0.5, width=0.1)


def _check(on: _Easel) -> None:
    on.line(0.18, 0.54, 0.42, 0.76, 0.84, 0.28, width=0.11)


def _send(on: _Easel) -> None:
    on.patch(0.08, 0.12, 0.94, 0.5, 0.08, 0.88, 0.24, 0.5)


def _home(on: _Easel) -> None:
    on.patch(0.5, 0.12, 0.92, 0.5, 0.08, 0.5)
    on.box(0.22, 0.46, 0.78, 0.88, radius=0.03)


def _close(on: _Easel) -> None:
    on.line(0.22, 0.22, 0.78, 0.78, width=0.1)
    on.line(0.78, 0.22, 0.22, 0.78, width=0.1)


ICONS: Mapping[str, Callable[[_Easel], None]] = {
    "mail": _mail, "gear": _gear, "calendar": _calendar, "search": _search, "clock": _clock,
    "cart": _cart, "note": _note, "globe": _globe, "wifi": _wifi, "moon": _moon, "bell": _bell,
    "sound": _sound, "sun": _sun, "battery": _battery, "phone": _phone, "person": _person,
    "picture": _picture, "message": _message, "pin": _pin, "music": _music, "trash": _trash,
    "star": _star, "play": _play, "dots": _dots, "camera": _camera, "pencil": _pencil,
    "back": _back, "arrow": _arrow, "next": _next, "plus": _plus, "check": _check, "send": _send,
    "home": _home, "close": _close,
}  # fmt: skip
"""Every icon, by name."""
