"""What was done, drawn on the screen that it was done on; and, framed, what should have been."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .action import UiAction, format_command
from .drawing.stroke import disc, font
from .protocol import Step, Verdict
from .screen import Screen, squeezed

RIGHT, WRONG, DUE = (30, 140, 84), (206, 62, 58), (38, 96, 210)
"""Colours of what was done where it was right, where it was wrong, and of what was due."""

CAPTION = 0.075
"""Height of the line at the lower end, as a share of the picture's."""


def marked(step: Step, verdict: Verdict, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture of a step, uint8 `[H, W, 3]`.

    Args:
        step: what was done, and what was due.
        verdict: on it.
        size: height and width [px].
    """
    image = step.screen.image().copy()
    tone = RIGHT if verdict.right else WRONG
    if step.recorded.place is not None:
        _frame(image, step.screen, step.recorded)
    if step.said is not None and step.said.place is not None:
        _touch(image, step.said.place, tone)
    image = squeezed(image, size)
    _caption(image, step, tone, verdict.right)
    return np.array(image, np.uint8)


def _frame(image: Image.Image, screen: Screen, recorded: UiAction) -> None:
    """Frames the element that was touched when the course was recorded."""
    assert recorded.place is not None
    element = screen.element_at(recorded.place)
    x, y = recorded.place[0] * image.width, recorded.place[1] * image.height
    box = element.box if element else (int(x) - 40, int(y) - 40, int(x) + 40, int(y) + 40)
    ImageDraw.Draw(image).rounded_rectangle(box, 24, outline=DUE, width=9)


def _touch(image: Image.Image, place: tuple[float, float], tone: tuple[int, int, int]) -> None:
    x, y = round(place[0] * image.width), round(place[1] * image.height)
    for radius, ink in ((46, (255, 255, 255)), (40, tone), (14, (255, 255, 255))):
        image.paste(ink, (x - radius, y - radius), disc(radius))


def _caption(image: Image.Image, step: Step, tone: tuple[int, int, int], right: bool) -> None:
    """Says in words what was done, and what was due where it was something else."""
    height = round(image.height * CAPTION)
    if height < 10:
        return  # There is no room for letters.
    pen = ImageDraw.Draw(image)
    said = _words(step.said) if step.said else "no command"
    lines = [said] if right else [said, f"due: {_words(step.recorded)}"]
    line = height // 2
    top = image.height - line * len(lines)
    pen.rectangle((0, top, image.width, image.height), fill=tone)
    face = font(max(8, round(line * 0.58)))
    for number, words in enumerate(lines):
        shown = words
        while len(shown) > 4 and face.getlength(shown) > image.width - 12:
            shown = shown.removesuffix("...")[:-1] + "..."
        pen.text((6, top + line * (number + 0.5)), shown, fill="white", font=face, anchor="lm")


def _words(action: UiAction) -> str:
    """The command, with a place in whole thousandths."""
    if action.place is not None:
        x, y = action.place
        action = msgspec.structs.replace(action, place=(round(x, 3), round(y, 3)))
    return format_command(action)
