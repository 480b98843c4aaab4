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
        is_behind: the newest frame is older than the newest number. Of two within 10 ms the browser
            skips the second, and sends what it shows once twice the usual time between frames has
            passed: a number set anew makes a third, which comes at once.
    """

    def __init__(self, browser: Browser, session: str, size: tuple[int, int]) -> None:
        self._browser, self._session, self._size = browser, session, size
        self._spot = (size[1] + EDGE // 2, EDGE // 2)
        self._number = 0
        self._good: set[int] = set()
        self._runs = False
        self._frame = ""
        self._picture: NDArray[np.uint8] | None = None
        self.is_behind = False

    @property
    def due(self) -> bool:
        """Whether a number was ordered, and its picture neither taken nor cancelled."""
        return bool(self._good)

    def hear(self, told: dict[str, Any]) -> None:
        """Keeps the newest frame; the browser sends no third before the first is answered for."""
        self._frame = str(told["data"])
        answer = {"sessionId": told["sessionId"]}
        self._browser.send("Page.screencastFrameAck", answer, self._session, forget=True)

    def order(self) -> int:
        """The number that the page is to show next: frames from then on are good."""
        if not self._runs:  # Not while the page loads: nobody wants the frames of that.
            start = {"format": "png"}
            self._browser.send("Page.startScreencast", start, self._session, forget=True)
            self._runs = True
        self._good.clear()
        return self.again()

    def again(self) -> int:
        """Another number, for a page that does not change: the frames before it stay good."""
        self._number = self._number % NUMBERS + 1
        self._good.add(self._number)
        self._picture, self.is_behind = None, False
        return self._number

    def cancel(self) -> None:
        """Forgets what was ordered: it is not to be had, or not wanted any more."""
        self._good.clear()

    def has_arrived(self) -> bool:
        """Whether a good frame is here."""
        if self._picture is None and self._frame:
            image, self._frame = decode(self._frame), ""
            tone = image.crop((*self._spot, self._spot[0] + 1, self._spot[1] + 1)).tobytes()
            good = int.from_bytes(tone, "big") in self._good
            self._picture, self.is_behind = cropped(image, self._size) if good else None, not good
        return self._picture is not None

    def take(self) -> NDArray[np.uint8]:
        """The page as it has been since the last order, uint8 `[H, W, 3]`."""
        assert self._picture is not None
        self._good.clear()
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
