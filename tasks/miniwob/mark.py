"""What a hand did, drawn into a picture of the screen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

COLOUR = (226, 0, 116)
"""Magenta: few pages have it, and it shows on white, yellow and blue."""

MOST_LETTERS = 24
"""A longer text is shortened in pictures."""

Point = tuple[float, float]


class Mark(NamedTuple):
    """One thing that was done.

    Attributes:
        kind: ``click``, ``double_click``, ``hover``, ``drag``, ``drag_to``, ``scroll`` or ``type``.
        points: places on the screen [px].
        text: what was typed or pressed.
    """

    kind: str
    points: tuple[Point, ...]
    text: str = ""


def draw_marks(
    screen: NDArray[np.uint8], marks: tuple[Mark, ...], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """A picture of the screen with the marks, `[H, W, 3]`.

    Args:
        screen: uint8 `[h, w, 3]`.
        marks: in the screen's own pixels.
        size: height and width of the picture [px].
    """
    height, width = size
    image = Image.fromarray(screen).resize((width, height), Image.Resampling.LANCZOS)
    scale = (width / screen.shape[1], height / screen.shape[0])
    pen = ImageDraw.Draw(image)
    thick = max(1, round(scale[0]))
    for mark in marks:
        points = [(x * scale[0], y * scale[1]) for x, y in mark.points]
        if len(points) > 1:
            pen.line(points, fill=COLOUR, width=thick)
        for x, y in points[:1]:
            _ring(pen, x, y, 5 * scale[0], thick)
            if mark.kind == "double_click":
                _ring(pen, x, y, 8 * scale[0], thick)
        for x, y in points[1:][-1:]:
            reach = 2 * scale[0]
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=COLOUR)
        if mark.text:
            _label(pen, mark.text, (width, height), scale[0])
    return np.array(image, np.uint8)


def _ring(pen: ImageDraw.ImageDraw, x: float, y: float, reach: float, thick: int) -> None:
    pen.ellipse((x - reach, y - reach, x + reach, y + reach), outline=COLOUR, width=thick)


def _label(pen: ImageDraw.ImageDraw, text: str, size: tuple[int, int], scale: float) -> None:
    """What was typed, on a strip along the lower edge."""
    shown = text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "\u2026"
    font = ImageFont.load_default(max(8, round(9 * scale)))
    tall = max(11, round(12 * scale))
    pen.rectangle((0, size[1] - tall, size[0], size[1]), fill=COLOUR)
    pen.text((2 * scale, size[1] - tall / 2), shown, font=font, fill="white", anchor="lm")
