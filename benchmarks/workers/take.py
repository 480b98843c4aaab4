"""An episode that is played for a data set: who acts, how well, and what is written down of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.registry import load_object
from ...core.spaces import action_check
from ...core.specs import TaskSpec
from ...core.trajectory import Trajectory
from ...tasks.dataset.layout import write_part
from .message import Recording

WORDS = "instruction"
"""The field that stands once in an episode rather than at every step."""


class Take:
    """One episode: the task's oracle plays as well as the tier says, and every step is kept.

    Args:
        recording: the file and the tier.
        spec: of the task; without an oracle only random tiers can be played.
        env: the world, just reset.
        seed: of the episode.
        first: its first observation.
        info: what reset told.
    """

    def __init__(
        self, recording: Recording, spec: TaskSpec, env: Any, seed: int, first: Any, info: Any
    ) -> None:
        self._path, self._tier, self._seed = Path(recording.path), recording.tier, seed
        self._space: gymnasium.Space[Any] = env.action_space
        self._check = action_check(self._space)
        # Not the world's own dice: those see the bare seed.
        self._dice = np.random.default_rng([seed, 1])
        at_random = self._dice.random() < self._tier.random
        self._oracle: Any = None
        if not at_random and spec.oracle is not None:
            self._oracle = load_object(spec.oracle)(env, **self._tier.solver)
            self._oracle.reset(first, info)
        self._seen: list[Mapping[str, Any]] = [first]
        self._actions: list[Any] = []
        self._told: list[tuple[float, bool, bool, bool]] = []

    def decide(self, observation: Mapping[str, Any]) -> Any:
        """The next action: the oracle's, blurred and clipped, or a random one."""
        wanted = None if self._oracle is None else self._oracle.act(observation)
        return self._check(self._blurred(wanted))

    def _blurred(self, wanted: Any) -> Any:
        noise, dice, space = self._tier.noise, self._dice, self._space
        if isinstance(space, spaces.Box):
            if wanted is None:
                return dice.uniform(space.low, space.high).astype(np.float32)
            shift = noise * (space.high - space.low) / 2 * dice.standard_normal(space.shape)
            return np.clip(np.asarray(wanted) + shift, space.low, space.high).astype(np.float32)
        if wanted is None or (noise and dice.random() < noise):
            space.seed(int(dice.integers(2**31)))
            return space.sample()
        return wanted

    def see(
        self,
        observation: Mapping[str, Any],
        action: Any,
        reward: Any,
        terminated: bool,
        truncated: bool,
        info: Mapping[str, Any],
    ) -> None:
        """Keeps a step."""
        self._seen.append(observation)
        self._actions.append(action)
        cut = bool(truncated) and not terminated
        self._told.append((float(reward), bool(terminated), cut, bool(info["success"])))

    def write(self, instruction: str) -> None:
        """Writes the episode to its file.

        Raises:
            BadArgument: it is unsound.
            RunDirectoryError: the disk refused.
        """
        rewards, ends, cuts, wins = zip(*self._told, strict=True)
        one = Trajectory(
            observations={
                name: np.stack([np.asarray(seen[name]) for seen in self._seen])
                for name in self._seen[0]
                if name != WORDS
            },
            actions=_stacked(self._actions),
            rewards=np.asarray(rewards, np.float32),
            terminated=np.asarray(ends, bool),
            truncated=np.asarray(cuts, bool),
            success=np.asarray(wins, bool),
            seed=self._seed,
            instruction=instruction,
        )
        write_part(self._path, one, self._path.stem.replace("-", " "))


def _stacked(actions: list[Any]) -> NDArray[Any]:
    """Vectors as float32 `[T, D]`, indices as int64 `[T]`, commands as texts `[T]`."""
    whole = np.stack([np.asarray(action) for action in actions])
    if whole.dtype.kind in "iu" and whole.ndim == 1:
        return whole.astype(np.int64)
    return whole if whole.dtype.kind == "U" else whole.astype(np.float32)
