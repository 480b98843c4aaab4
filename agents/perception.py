"""From the observations of a task to what a network takes, in training and in play alike.

Pictures go through convolutions, symbols become one number for each value that they can have,
measured quantities stay as they are, and words are counted in places that their hashes name.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import nn

from ..core.errors import BadArgument

PLACES = 256
"""Into so many places words are hashed; the missions of BabyAI have fewer than 40 words."""

MOST_VALUES = 32
"""A number of a state that can have more values is a quantity, not a symbol."""

NETS = ("nature", "impala")
"""Convolutions: of Mnih et al. 2015 (methods), and of Espeholt et al. 2018 (arXiv 1802.01561,
figure 3, the large one), which Procgen's authors take (Cobbe et al. 2020, section 3)."""


LEAST_SIDE = 36
"""Of pictures for the former, whose three layers would have nothing left of smaller ones [px]."""


class Senses(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen of a task, and how it is read.

    Attributes:
        state: numbers in ``state``; 0 where it is not seen.
        values: for each of these how many values it can have, if it is a symbol; empty where the
            state is measured.
        picture: height, width and channels of ``rgb`` [px]; empty where it is not seen.
        words: whether the instruction is read.
    """

    state: int = 0
    values: tuple[int, ...] = ()
    picture: tuple[int, ...] = ()
    words: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that an agent with these senses asks for."""
        have = {"rgb": bool(self.picture), "state": bool(self.state), "instruction": self.words}
        return tuple(name for name, there in have.items() if there)

    @property
    def space(self) -> spaces.Dict:
        """What ``read`` gives."""
        known: dict[str, spaces.Space[Any]] = {}
        if self.picture:
            height, width, channels = self.picture
            known["rgb"] = spaces.Box(0, 255, (channels, height, width), np.uint8)
        if self.state:
            known["state"] = spaces.Box(-np.inf, np.inf, (self.state,), np.float32)
        if self.words:
            known["words"] = spaces.Box(0, np.inf, (PLACES,), np.float32)
        return spaces.Dict(known)

    def read_all(self, seen: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Observations of several worlds, an axis of worlds first, as arrays of ``space``.

        Raises:
            BadArgument: a field has another size than that which was learnt.
        """
        read: dict[str, NDArray[Any]] = {}
        if self.picture:
            rgb = np.asarray(seen["rgb"])
            _demand("pictures", rgb.shape[1:], self.picture)
            read["rgb"] = np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))
        if self.state:
            state = np.asarray(seen["state"], np.float32)
            _demand("states", state.shape[1:], (self.state,))
            read["state"] = state
        if self.words:
            read["words"] = np.stack([counted(str(one)) for one in seen["instruction"]])
        return read

    def read(self, observation: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """One observation of the task as arrays of ``space``.

        Raises:
            BadArgument: a field has another size than that which was learnt.
        """
        alone = {name: np.asarray(observation[name])[None] for name in self.fields}
        return {name: array[0] for name, array in self.read_all(alone).items()}


def _demand(what: str, found: Sequence[int], wanted: Sequence[int]) -> None:
    if tuple(found) != tuple(wanted):
        raise BadArgument(
            f"this agent was trained on {what} of {list(wanted)}; the task shows {list(found)}"
        )


@lru_cache(maxsize=4096)
def counted(text: str) -> NDArray[np.float32]:
    """How often the words of a text hash to each place, `[PLACES]`; their order is lost."""
    counts = np.zeros(PLACES, np.float32)
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        counts[zlib.crc32(word.encode()) % PLACES] += 1
    counts.setflags(write=False)
    return counts


def senses_of(
    space: spaces.Dict, fields: Sequence[str], examples: Sequence[Mapping[str, Any]]
) -> Senses:
    """The senses for a task.

    A state is symbolic if its space has few whole values for every number and the examples hold no
    others.

    Args:
        space: the observations of the task.
        fields: those that are to be seen.
        examples: some observations.

    Raises:
        BadArgument: a field that no network here reads, or none.
    """
    unknown = [field for field in fields if field not in ("rgb", "state", "instruction")]
    if unknown or not fields:
        raise BadArgument(
            f"'{', '.join(unknown)}' cannot be learnt from; observations are some of rgb, state "
            "and instruction"
        )
    state, values = 0, tuple[int, ...]()
    if "state" in fields:
        box = space["state"]
        assert isinstance(box, spaces.Box)
        state = int(np.prod(box.shape))
        few = (box.low == 0).all() and (box.high < MOST_VALUES).all()
        rows = [np.asarray(one["state"]) for one in examples]
        if few and rows and all((row == np.round(row)).all() for row in rows):
            values = tuple(int(high) + 1 for high in box.high.ravel())
    picture = space["rgb"].shape if "rgb" in fields else ()
    assert picture is not None
    return Senses(state=state, values=values, picture=picture, words="instruction" in fields)


def demand_net(name: str) -> None:
    """Refuses a net that there is not.

    Raises:
        BadArgument: it is not of ``NETS``.
    """
    if name not in NETS:
        raise BadArgument(f"there is no net '{name}'; choose one of: {', '.join(NETS)}")


class Perception(nn.Module):
    """Features `[B, F]` of what is seen.

    Args:
        senses: what is seen.
        net: of ``NETS``, for pictures.
        width: features that pictures give.

    Raises:
        BadArgument: there is no such net, or it takes no pictures as small as these.
    """

    starts: torch.Tensor
    """Where the numbers of each symbol begin."""

    def __init__(self, senses: Senses, net: str = "nature", width: int = 256) -> None:
        super().__init__()
        demand_net(net)
        self._values = bool(senses.values)
        size = senses.state
        if self._values:
            starts = np.concatenate([[0], np.cumsum(senses.values)])
            size = int(starts[-1])
            self.register_buffer("starts", torch.from_numpy(starts[:-1]))
        self.width = size + PLACES * senses.words
        self.eye: nn.Module | None = None
        if senses.picture:
            self.eye = (_nature if net == "nature" else _impala)(senses.picture, width)
            self.width += width
        self._size = size

    def forward(self, seen: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The features.

        Args:
            seen: by field, with an axis of batch; pictures from 0 to 1.
        """
        parts = []
        if "state" in seen:
            parts.append(self._spread(seen["state"]) if self._values else seen["state"])
        if "words" in seen:
            parts.append(seen["words"])
        if self.eye is not None:
            parts.append(self.eye(seen["rgb"]))
        return torch.cat(parts, -1)

    def _spread(self, state: torch.Tensor) -> torch.Tensor:
        """One number for each value of each symbol, `[B, sum of values]`."""
        places = state.long() + self.starts
        spread = torch.zeros(len(state), self._size, device=state.device)
        return spread.scatter_(1, places, 1.0)


def _flat(body: nn.Module, picture: Sequence[int], width: int) -> nn.Sequential:
    """A body of convolutions and the layer that makes features of what it gives."""
    height, width_of_picture, channels = picture
    with torch.no_grad():
        size = int(body(torch.zeros(1, channels, height, width_of_picture)).numel())
    return nn.Sequential(body, nn.Flatten(), nn.ReLU(), nn.Linear(size, width), nn.ReLU())


def _nature(picture: Sequence[int], width: int) -> nn.Sequential:
    if min(picture[:2]) < LEAST_SIDE:
        raise BadArgument(
            f"the net 'nature' sees nothing in pictures below {LEAST_SIDE} px a side; these have "
            f"{picture[0]} x {picture[1]}: set net=impala, or give them a greater --image-size"
        )
    body = nn.Sequential(
        nn.Conv2d(picture[2], 32, 8, 4), nn.ReLU(),
        nn.Conv2d(32, 64, 4, 2), nn.ReLU(),
        nn.Conv2d(64, 64, 3, 1),
    )  # fmt: skip
    return _flat(body, picture, width)


def _impala(picture: Sequence[int], width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = picture[2]
    for channels in (16, 32, 32):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.MaxPool2d(3, 2, padding=1)]
        layers += [_Residual(channels), _Residual(channels)]
        before = channels
    return _flat(nn.Sequential(*layers), picture, width)


class _Residual(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """The sum of both ways."""
        inner: torch.Tensor = self.second(torch.relu(self.first(torch.relu(seen))))
        return seen + inner
