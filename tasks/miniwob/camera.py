"""Pictures of a page: frames that the browser sends as it draws them, each dated by a mark.

To ask for a picture makes the browser draw the page, then its own window, and read that back. The
frames of a screencast are taken from the page as it is drawn anyhow, at a third of the cost; but
nothing says what a frame shows. So the page carries a small square beside the task, whose colour is
a number: a frame with the last number was drawn after it was set, and what was changed before.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .browser import Browser

EDGE = 4
"""How much is drawn to the right of a task, and the side of the square in its upper corner [px]."""

NUMBERS = 0xFFFFFF
"""The greatest number that a colour can be."""


class Camera:
    """The frames of one page.

    Args:
        browser: that draws it.
        session: the page's.
        size: height and width of the part that is looked at [px].

    Attributes:
        due: a number was ordered, and its picture not taken yet.
    """

    def __init__(self, browser: Browser, session: str, size: tuple[int, int]) -> None:
        self._browser, self._session, self._size = browser, session, size
        self._spot = (size[1] + EDGE // 2, EDGE // 2)
        self._number = 0
        self._runs = False
        self._frame = ""
        self._picture: NDArray[np.uint8] | None = None
        self.due = False

    def hear(self, told: dict[str, Any]) -> None:
        """Keeps the newest frame; the browser sends no third before the first is answered for."""
        self._frame = str(told["data"])
        answer = {"sessionId": told["sessionId"]}
        self._browser.send("Page.screencastFrameAck", answer, self._session, forget=True)

    def order(self) -> int:
        """The number that the page is to show next; ``due`` until its picture is taken."""
        if not self._runs:  # Not while the page loads: nobody wants the frames of that.
            start = {"format": "png"}
            self._browser.send("Page.startScreencast", start, self._session, forget=True)
            self._runs = True
        self._number = self._number % NUMBERS + 1
        self._picture, self.due = None, True
        return self._number

    def cancel(self) -> None:
        """Forgets what was ordered: it is not to be had, or not wanted any more."""
        self.due = False

    def has_arrived(self) -> bool:
        """Whether a frame with the number is here."""
        if self._picture is None and self._frame:
            image, self._frame = decode(self._frame), ""
            tone = image.crop((*self._spot, self._spot[0] + 1, self._spot[1] + 1)).tobytes()
            if int.from_bytes(tone, "big") == self._number:
                self._picture = cropped(image, self._size)
        return self._picture is not None

    def take(self) -> NDArray[np.uint8]:
        """The page as it was when it showed the number, uint8 `[H, W, 3]`."""
        assert self._picture is not None
        self.due = False
        return self._picture


def decode(data: str) -> Image.Image:
    """A PNG in base64."""
    image = Image.open(io.BytesIO(base64.b64decode(data)), formats=("PNG",))
    return image if image.mode == "RGB" else image.convert("RGB")


def cropped(image: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The upper left part of a picture, uint8 `[H, W, 3]`.

    Args:
        image: the whole.
        size: height and width of the part [px].
    """
    height, width = size
    return np.array(image.crop((0, 0, width, height)), np.uint8)
