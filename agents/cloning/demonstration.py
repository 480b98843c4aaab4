"""Demonstrations in memory: what was seen and done, step by step, and batches drawn from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.trajectory import Trajectory
from ..checkpoint import Scale
from ..perception import senses_of

READ = ("rgb", "state")
"""Fields of a recording that can be read; the instruction stands once in an episode."""

EXAMPLES = 1_000
"""States that are looked at to tell whether they are symbols."""


class Demonstrations:
    """Every step of some episodes.

    Args:
        episodes: with the observations that are learnt from.
        observed: the space of the task's observations.
        done: its actions.
        fields: that are learnt from; none for all that were recorded and can be read.

    Raises:
        BadArgument: there is no episode, a field is not there, or the actions are commands.
    """

    def __init__(
        self,
        episodes: Iterable[Trajectory],
        observed: spaces.Dict,
        done: spaces.Space[Any],
        fields: Sequence[str],
    ) -> None:
        if not isinstance(done, (spaces.Discrete, spaces.Box)):
            raise BadArgument(f"bc clones vectors and places in a list, not {done}")
        kept = list(episodes)
        if not kept:
            raise BadArgument("there is no episode to learn from")
        recorded = [field for field in READ if field in kept[0].observations]
        words = ["instruction"] if any(one.instruction for one in kept) else []
        chosen = tuple(fields) or (*recorded, *words)
        lacking = [field for field in chosen if field not in (*recorded, *words)]
        if lacking:
            raise BadArgument(
                f"'{lacking[0]}' was not recorded; there are {', '.join((*recorded, *words))}"
            )
        self.senses = senses_of(_as_recorded(observed, kept[0]), chosen, _examples(kept))
        self._done = done
        self._seen = self._read(kept)
        self._actions = self._taken(kept)
        self.scale = self._scaled() if self.senses.state and not self.senses.values else None
        if self.scale is not None:
            self._seen["state"] = self.scale.apply(self._seen["state"])

    def __len__(self) -> int:
        return len(self._actions)

    def _read(self, episodes: Sequence[Trajectory]) -> dict[str, NDArray[Any]]:
        """What was seen before each action, an array a field."""
        parts = [self.senses.read_all(_before(one)) for one in episodes]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _taken(self, episodes: Sequence[Trajectory]) -> NDArray[Any]:
        """Places `[N]`, or vectors `[N, A]` on the scale from -1 to 1."""
        actions = np.concatenate([one.actions for one in episodes])
        if isinstance(self._done, spaces.Discrete):
            return actions.astype(np.int64)
        half = (self._done.high - self._done.low) / 2
        return np.clip((actions - self._done.low) / half - 1, -1, 1).astype(np.float32)

    def _scaled(self) -> Scale:
        states = np.asarray(self._seen["state"], np.float64)
        # A number that hardly moves would be blown up: TD3+BC (arXiv 2106.06860, section 4).
        return Scale(states.mean(0), np.square(states.std(0) + 1e-3))

    def sample(
        self, size: int, shift: int, dice: np.random.Generator
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """What was seen and done at steps drawn with replacement; pictures from 0 to 1."""
        places = dice.integers(0, len(self), size)
        seen = {name: torch.from_numpy(array[places]) for name, array in self._seen.items()}
        if "rgb" in seen:
            seen["rgb"] = _moved(seen["rgb"], shift, dice)
        return seen, torch.from_numpy(self._actions[places])


def _as_recorded(observed: spaces.Dict, one: Trajectory) -> spaces.Dict:
    """The space of a task's observations, with pictures as large as they were recorded."""
    known = dict(observed.spaces)
    if "rgb" in one.observations:
        known["rgb"] = spaces.Box(0, 255, one.observations["rgb"].shape[1:], np.uint8)
    return spaces.Dict(known)


def _before(one: Trajectory) -> Mapping[str, Any]:
    seen: dict[str, Any] = {name: array[:-1] for name, array in one.observations.items()}
    return {**seen, "instruction": [one.instruction] * one.steps}


def _examples(episodes: Sequence[Trajectory]) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for one in episodes:
        if "state" in one.observations and len(rows) < EXAMPLES:
            rows += [{"state": state} for state in one.observations["state"]]
    return rows


def _moved(pictures: torch.Tensor, shift: int, dice: np.random.Generator) -> torch.Tensor:
    """Pictures `[B, C, H, W]` from 0 to 1, each moved; what comes in repeats the edge."""
    wide = torch.nn.functional.pad(pictures.float() / 255, (shift,) * 4, mode="replicate")
    height, width = pictures.shape[2:]
    corners = dice.integers(0, 2 * shift + 1, (len(pictures), 2))
    return torch.stack(
        [
            one[:, top : top + height, left : left + width]
            for one, (top, left) in zip(wide, corners.tolist(), strict=True)
        ]
    )
