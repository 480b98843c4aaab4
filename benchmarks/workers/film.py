"""A film and a first picture of an episode, small enough to put hundreds in one report."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.stopwatch import RENDERING

MAX_FRAMES = 64
"""Frames kept of an episode; longer ones are thinned evenly."""

MAX_SIDE = 160
"""Longer side of a film's pictures, unless the environment asks for larger ones [px]."""

LARGEST_SIDE = 480
"""The most that it can ask for [px]."""

STORYBOARD = 40
"""A task of at most this many steps gets a strip of all its frames: each step is an event."""

SECONDS = 5.0
"""A film lasts about this long, whatever the episode did [s]."""


class Style(NamedTuple):
    """What a film of an environment shows, which it may say in ``metadata["film"]``.

    Attributes:
        of: ``rgb``, the observation's picture where it has one, or ``render``, what ``render``
            draws even so.
        still: which picture is the still one: the ``first``, or the ``last``, where a picture
            holds all that was before.
        side: longer side of the pictures [px].
        strip: whether every step is an event, and an episode of few steps gets a strip whatever
            the task's horizon.
    """

    of: str = "rgb"
    still: str = "first"
    side: int = MAX_SIDE
    strip: bool = False


def style_of(metadata: Mapping[str, Any]) -> Style:
    """The style that an environment asks for; the usual one where it says nothing.

    Raises:
        ValueError: it asks for what is not known.
    """
    try:
        style = Style(**metadata.get("film", {}))
    except TypeError as error:
        raise ValueError(f"metadata['film'] has {', '.join(Style._fields)}: {error}") from error
    whole = isinstance(style.side, int) and 16 <= style.side <= LARGEST_SIDE
    if style.of not in ("rgb", "render") or style.still not in ("first", "last") or not whole:
        raise ValueError(
            f"metadata['film'] is {style}; of is rgb or render, still is first or last, "
            f"side from 16 to {LARGEST_SIDE}"
        )
    return style


class Film:
    """Collects frames of one episode at an even pace whose length is not known beforehand.

    Whenever ``MAX_FRAMES`` are held, every other one is dropped and the pace halves: memory is
    bounded and the pictures taken grow with the logarithm of the episode's length.

    Args:
        target: path without suffix.
        render: gives a picture uint8 `[H, W, 3]`; used where the observation holds none.
        metadata: of the environment; see ``Style``.
    """

    def __init__(
        self, target: str, render: Callable[[], Any], metadata: Mapping[str, Any] | None = None
    ) -> None:
        self._target, self._render = Path(target), render
        self._frames: list[Image.Image] = []
        self._last: Image.Image | None = None
        self._stride = 1
        self._style = Style()
        self.trouble = ""
        try:
            self._style = style_of(metadata or {})
        except ValueError as error:
            self.trouble = f"no film: {error}"

    @RENDERING.counts
    def see(self, step: int, observation: Mapping[str, Any], last: bool = False) -> None:
        """Takes the picture of this step if it is due; trouble ends the film, not the episode."""
        if self.trouble or (step % self._stride and not last):
            return
        try:
            seen = self._style.of == "rgb" and "rgb" in observation
            picture = observation["rgb"] if seen else self._render()
            if picture is None:
                raise ValueError("the environment renders nothing")
            self._keep(np.asarray(picture, np.uint8))
        except (
            Exception
        ) as error:  # Pictures are a courtesy; no failure of theirs may cost a score.
            self.trouble = f"no film: {type(error).__name__}: {error}"

    def _keep(self, picture: NDArray[np.uint8]) -> None:
        image = Image.fromarray(picture)
        side = self._style.side
        if max(image.size) > side:
            image.thumbnail((side, side), Image.Resampling.BOX)
        self._frames.append(image)
        self._last = image
        if len(self._frames) >= MAX_FRAMES:
            self._frames = self._frames[::2]
            self._stride *= 2

    @RENDERING.counts
    def write(self, strip: bool = False) -> None:
        """Writes ``.png`` and ``.webp`` beside and renames them.

        Args:
            strip: also write ``.strip.webp``: every frame, one beside the other.
        """
        if self.trouble or not self._frames:
            return
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            if self._last is not None and self._frames[-1] is not self._last:
                self._frames.append(self._last)  # it was among those that were thinned out
            self._save(self._frames[0 if self._style.still == "first" else -1], ".png")
            duration = max(20, int(1000 * SECONDS / len(self._frames)))
            rest = self._frames[1:]
            self._save(
                self._frames[0], ".webp",
                save_all=True, append_images=rest, duration=duration, loop=0, quality=70, method=2,
            )  # fmt: skip
            short = self._style.strip and len(self._frames) <= STORYBOARD + 1
            if (strip or short) and self._stride == 1:
                self._save(self._side_by_side(), ".strip.webp", quality=80, method=2)
        except OSError as error:
            self.trouble = f"no film: {error}"

    def _side_by_side(self) -> Image.Image:
        width, height = self._frames[0].size
        strip = Image.new("RGB", (width * len(self._frames), height))
        for number, frame in enumerate(self._frames):
            strip.paste(frame, (number * width, 0))
        return strip

    def _save(self, image: Image.Image, suffix: str, **options: Any) -> None:
        final = self._target.parent / (self._target.name + suffix)
        beside = final.with_name(f".{final.name}.{os.getpid()}")
        image.save(beside, format=suffix.rpartition(".")[2].upper(), **options)
        os.replace(beside, final)
