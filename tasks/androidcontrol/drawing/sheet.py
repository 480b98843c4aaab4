"""A sheet of a phone's size: widgets put on it are drawn, and stand in its accessibility tree.

What is drawn is only noted down until somebody asks for the picture: the words cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw

from ..screen import Box, Element, Screen
from .stroke import Tone, disc, fill_rounded, font, icon

WIDTH, HEIGHT = 1080, 2400
"""Of the screen [px]; the commonest in AndroidControl."""

MARGIN = 48
"""Left and right of what is on a page [px]."""

STATUS, NAVIGATION = 84, 72
"""Height of the bars at the top and the bottom [px]."""

INK: Tone = (28, 30, 38)
FAINT: Tone = (104, 109, 122)
PAPER: Tone = (248, 249, 252)
CARD: Tone = (255, 255, 255)
LINE: Tone = (226, 229, 236)
WHITE: Tone = (255, 255, 255)


def mixed(one: Tone, other: Tone, share: float) -> Tone:
    """A colour with a share of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Sheet:
    """A screen in the making.

    Args:
        paper: the colour behind everything.
        clock: the time at the top.
        sky: the colours at the top and at the bottom, in place of paper; the bars are then white.

    Attributes:
        places: boxes of what has a key, by which steps refer to it.
    """

    def __init__(
        self, paper: Tone = PAPER, clock: str = "9:41", sky: tuple[Tone, Tone] | None = None
    ) -> None:
        self._paper = paper
        self._strokes: list[Callable[[Image.Image], None]] = []
        self._elements: list[Element] = []
        self.places: dict[str, Box] = {}
        if sky is not None:
            self.gradient((0, 0, WIDTH, HEIGHT), *sky)
        self._bars(clock, INK if sky is None else WHITE)

    def screen(self) -> Screen:
        """The finished screen."""
        strokes, paper = tuple(self._strokes), self._paper

        def draw() -> Image.Image:
            image = Image.new("RGB", (WIDTH, HEIGHT), paper)
            for stroke in strokes:
                stroke(image)
            return image

        return Screen(width=WIDTH, height=HEIGHT, elements=tuple(self._elements), image=draw)

    # -- elements ---------------------------------------------------------------------------

    def element(
        self, box: Box, role: str, text: str = "", description: str = "", *flags: str,
        key: str = "", window: str = "application",
    ) -> None:  # fmt: skip
        """Puts something into the tree; with a key, steps can refer to it."""
        left, top, right, bottom = box
        box = (max(left, 0), max(top, 0), min(right, WIDTH), min(bottom, HEIGHT))
        if box[0] >= box[2] or box[1] >= box[3]:
            return  # Nothing of it is in sight.
        self._elements.append(
            Element(box=box, role=role, text=text, description=description, flags=flags,
                    window=window)
        )  # fmt: skip
        if key:
            self.places[key] = box

    # -- ink --------------------------------------------------------------------------------

    def rounded(self, box: Box, radius: int, tone: Tone) -> None:
        """A box with round corners."""
        self._strokes.append(lambda image: fill_rounded(image, box, radius, tone))

    def round(self, x: int, y: int, radius: int, tone: Tone) -> None:
        """A disc about a point."""
        self._strokes.append(
            lambda image: image.paste(tone, (x - radius, y - radius), disc(radius))
        )

    def sign(self, name: str, x: int, y: int, size: int, tone: Tone) -> None:
        """An icon about a point."""
        corner = (x - size // 2, y - size // 2)
        self._strokes.append(lambda image: image.paste(tone, corner, icon(name, size)))

    def words(
        self, text: str, x: int, y: int, size: int, tone: Tone = INK, anchor: str = "lm",
        bold: bool = False, widest: int = 0,
    ) -> None:  # fmt: skip
        """Words at a point; cut short where they would be wider than they may."""

        def write(image: Image.Image) -> None:
            face, said = font(size), text
            while widest and len(said) > 1 and face.getlength(said) > widest:
                said = said.removesuffix("...").rstrip()[:-1].rstrip() + "..."
            ImageDraw.Draw(image).text(
                (x, y), said, fill=tone, font=face, anchor=anchor, stroke_width=1 if bold else 0
            )

        self._strokes.append(write)

    def gradient(self, box: Box, above: Tone, below: Tone) -> None:
        """A box that fades from one colour to another."""

        def pour(image: Image.Image) -> None:
            left, top, right, bottom = box
            share = np.linspace(0, 1, bottom - top)[:, None, None]
            rows = np.array(above) * (1 - share) + np.array(below) * share
            column = Image.fromarray(rows.round().astype(np.uint8))
            image.paste(column.resize((right - left, bottom - top)), (left, top))

        self._strokes.append(pour)

    def rule(self, y: int, left: int = 0, right: int = WIDTH) -> None:
        """A thin line across."""
        self.rounded((left, y, right, y + 2), 0, LINE)

    # -- widgets ----------------------------------------------------------------------------

    def label(
        self, text: str, x: int, y: int, size: int, tone: Tone = INK, *, bold: bool = False,
        widest: int = 0, anchor: str = "lm",
    ) -> None:  # fmt: skip
        """Words that are in the tree as well."""
        self.words(text, x, y, size, tone, anchor, bold, widest)
        width = min(int(font(size).getlength(text)), widest or WIDTH)
        left = {"l": x, "m": x - width // 2, "r": x - width}[anchor[0]]
        half = int(size * 0.66)
        self.element((left, y - half, left + width, y + half), "TextView", text)

    def button(
        self, text: str, box: Box, tone: Tone, ink: Tone = WHITE, key: str = "", size: int = 42
    ) -> None:
        """A pill with words."""
        left, top, right, bottom = box
        self.rounded(box, (bottom - top) // 2, tone)
        self.words(text, (left + right) // 2, (top + bottom) // 2, size, ink, "mm", bold=True)
        self.element(box, "Button", text, "", "clickable", key=key)

    def tool(
        self, name: str, x: int, y: int, description: str, tone: Tone = INK, key: str = "",
        reach: int = 66,
    ) -> None:  # fmt: skip
        """An icon that can be tapped."""
        self.sign(name, x, y, 60, tone)
        box = (x - reach, y - reach, x + reach, y + reach)
        self.element(box, "ImageButton", "", description, "clickable", key=key)

    def top_bar(self, title: str, tone: Tone = INK, back: bool = True) -> None:
        """The title of a page, with the arrow that leads back."""
        y = STATUS + 84
        if back:
            self.tool("arrow", 90, y, "Navigate up", tone, key="up")
        self.label(title, 180 if back else MARGIN, y, 58, tone, bold=True, widest=560)

    def field(self, hint: str, text: str, box: Box, key: str = "", focused: bool = False) -> None:
        """A line to type into."""
        left, top, right, bottom = box
        self.rounded(box, 24, (236, 239, 246))
        if focused:
            self.rounded((left, bottom - 6, right, bottom), 3, (62, 98, 214))
        middle = (top + bottom) // 2
        self.words(
            text or hint, left + 36, middle, 44, INK if text else FAINT, widest=right - left - 72
        )
        if focused and not text:
            self.rounded((left + 30, middle - 30, left + 34, middle + 30), 0, (62, 98, 214))
        flags = ("clickable", "editable", *(("focused",) if focused else ()))
        self.element(box, "EditText", text, hint, *flags, key=key)

    def switch(self, on: bool, box: Box, name: str, key: str = "") -> None:
        """A switch, at the right of a row."""
        _, top, right, bottom = box
        middle, radius = (top + bottom) // 2, 30
        track = (right - 130, middle - 36, right - 10, middle + 36)
        self.rounded(track, 36, (62, 98, 214) if on else (196, 201, 212))
        self.round(track[2] - 36 if on else track[0] + 36, middle, radius, WHITE)
        checked = ("clickable", "checkable", *(("checked",) if on else ()))
        self.element(box, "Switch", name, "", *checked, key=key)

    def action_button(self, name: str, description: str, tone: Tone, key: str) -> None:
        """The large button at the lower right."""
        x, y, half = WIDTH - 138, HEIGHT - NAVIGATION - 180, 82
        box = (x - half, y - half, x + half, y + half)
        self.rounded((box[0], box[1] + 8, box[2], box[3] + 8), 44, mixed(INK, PAPER, 0.78))
        self.rounded(box, 44, tone)
        self.sign(name, x, y, 72, WHITE)
        self.element(box, "ImageButton", "", description, "clickable", key=key)

    # -- what the system shows --------------------------------------------------------------

    def _bars(self, clock: str, tone: Tone) -> None:
        self.words(clock, 60, STATUS // 2 + 6, 40, tone, bold=True)
        self.sign("wifi", WIDTH - 150, STATUS // 2 + 4, 44, tone)
        self.sign("battery", WIDTH - 84, STATUS // 2 + 6, 44, tone)
        self.element((48, 0, 200, STATUS), "TextView", clock, "", window="system")
        y = HEIGHT - NAVIGATION // 2
        self._strokes.append(
            lambda image: fill_rounded(
                image, (WIDTH // 2 - 150, y - 5, WIDTH // 2 + 150, y + 5), 5, tone
            )
        )

    def keyboard(self) -> None:
        """Letters over the lower part of the screen."""
        top, pale = HEIGHT - 760, (222, 226, 236)
        self.rounded((0, top, WIDTH, HEIGHT), 0, pale)
        self.element((0, top, WIDTH, HEIGHT), "FrameLayout", "", "Keyboard", window="keyboard")
        for row, letters in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm")):
            pitch, y = WIDTH // 10, top + 40 + row * 160
            indent = (WIDTH - pitch * len(letters)) // 2
            for column, letter in enumerate(letters):
                left = indent + column * pitch
                box = (left + 8, y, left + pitch - 8, y + 132)
                self.rounded(box, 16, WHITE)
                self.words(letter, left + pitch // 2, y + 66, 52, anchor="mm")
                self.element(box, "Key", letter, "", "clickable", window="keyboard")
        y = top + 40 + 3 * 160
        for name, left, right in (
            ("space", 260, 820),
            ("enter", 850, WIDTH - 16),
            ("123", 16, 230),
        ):
            self.rounded(
                (left, y, right, y + 132), 20, WHITE if name == "space" else (196, 203, 220)
            )
            self.words(
                "" if name == "space" else name, (left + right) // 2, y + 66, 40, FAINT, "mm"
            )
            self.element((left, y, right, y + 132), "Key", name, "", "clickable", window="keyboard")
        bar = HEIGHT - NAVIGATION // 2
        self.rounded((WIDTH // 2 - 150, bar - 5, WIDTH // 2 + 150, bar + 5), 5, INK)


AVATARS: Mapping[int, Tone] = dict(
    enumerate(((66, 110, 214), (208, 84, 92), (44, 148, 116), (206, 130, 38), (130, 90, 190)))
)
"""Colours of people, by number."""
