"""The observation every task speaks: a Dict of some of ``core.specs.FIELDS``.

A task says which fields it offers; the user says which are wanted and how large the pictures.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import read_from_shared_memory
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import BadArgument
from ..core.specs import FIELDS

MAX_INSTRUCTION = 1024
"""Longest instruction [characters]."""

MAX_DOM = 32_768
"""Longest list of elements in writing [characters]."""

DEPTH_REACH = 10.0
"""Farther surfaces have this depth [m]: about what depth cameras of robots see."""

ImageSize = int | Sequence[int]
"""A side for square pictures, or ``(height, width)`` [px]."""


class Words(spaces.Text):
    """Text of printable ASCII characters.

    A type of its own because Gymnasium's ``AsyncVectorEnv`` reads text out of its shared memory
    once, when it is made, and hands out that first empty text for ever after. See ``LiveTexts``.

    Args:
        max_length: of the text [characters].
    """

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length, min_length=0, charset=string.printable)


class Instruction(Words):
    """What the agent is to do: at most ``MAX_INSTRUCTION`` characters."""

    def __init__(self) -> None:
        super().__init__(MAX_INSTRUCTION)


class LiveTexts(Sequence[str]):
    """The texts of a vector environment, read from its shared memory when looked at.

    Args:
        space: gives the character of each code.
        shared_memory: Gymnasium's array of int32 codes.
        n: how many environments.
    """

    def __init__(self, space: spaces.Text, shared_memory: Any, n: int) -> None:
        self._letters = space.character_list
        self._codes = np.frombuffer(shared_memory.get_obj(), np.int32).reshape(n, -1)

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[one] for one in range(*index.indices(len(self))))
        # Gymnasium pads a text with the code that is one past the last letter.
        codes = self._codes[index]
        return "".join(self._letters[code] for code in codes[codes < len(self._letters)])

    def __deepcopy__(self, memo: object) -> tuple[str, ...]:
        """What Gymnasium takes before it hands an observation out: the texts as they are now."""
        return tuple(self)


@read_from_shared_memory.register(Words)
def _read_words(space: Words, shared_memory: Any, n: int = 1) -> LiveTexts:
    return LiveTexts(space, shared_memory, n)


def parse_fields(requested: Sequence[str], offered: Sequence[str], family: str) -> tuple[str, ...]:
    """The requested fields in canonical order.

    Raises:
        BadArgument: none is requested, or one is not offered.
    """
    wanted = [requested] if isinstance(requested, str) else list(requested)
    unknown = [field for field in wanted if field not in offered]
    if unknown or not wanted:
        raise BadArgument(
            f"{family} tasks offer the observations {', '.join(offered)}; "
            + (f"'{unknown[0]}' is not one of them" if unknown else "ask for at least one")
        )
    return tuple(field for field in FIELDS if field in wanted)


def parse_image_size(size: ImageSize) -> tuple[int, int]:
    """``(height, width)`` [px] from a side or a pair.

    Raises:
        BadArgument: not one or two whole numbers between 8 and 2,048.
    """
    pair = tuple(size) if isinstance(size, Sequence) else (size, size)
    whole = all(isinstance(side, (int, np.integer)) and 8 <= side <= 2048 for side in pair)
    if len(pair) != 2 or not whole:
        raise BadArgument(
            f"image_size is {size!r}; give a side or (height, width) in pixels, from 8 to 2048"
        )
    return int(pair[0]), int(pair[1])


def observation_space(
    fields: Sequence[str],
    image_size: tuple[int, int],
    state: spaces.Box | None,
    lidar: tuple[int, float] | None = None,
) -> spaces.Dict:
    """The Dict space of the chosen fields.

    Args:
        fields: some of ``FIELDS``, from ``parse_fields``.
        image_size: ``(height, width)`` [px] of ``rgb`` and ``depth``.
        state: the float32 ``[D]`` space of ``state``, where the family has one.
        lidar: rays and reach [m] of the scanner, where the family has one.
    """
    known: dict[str, spaces.Space[object]] = {
        "rgb": spaces.Box(0, 255, (*image_size, 3), np.uint8),
        "depth": spaces.Box(0.0, DEPTH_REACH, image_size, np.float32),
        "instruction": Instruction(),
        "dom": Words(MAX_DOM),
    }
    if lidar is not None:
        known["lidar"] = spaces.Box(0.0, lidar[1], (lidar[0],), np.float32)
    if state is not None:
        known["state"] = state
    return spaces.Dict({field: known[field] for field in fields})


def resize(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture `[H, W, 3]` at another size: area averaging down, nearest pixel up.

    Pictures of pixel games keep hard edges when enlarged. The same size gives a copy.
    """
    if image.shape[:2] == size:
        return image.copy()
    shrinking = size[0] < image.shape[0] or size[1] < image.shape[1]
    method = Image.Resampling.BOX if shrinking else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(image).resize((size[1], size[0]), method))
