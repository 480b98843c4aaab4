"""How worlds that are played at once are shown to Stable-Baselines3."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from ...core.errors import BadArgument
from ...core.worlds import Steps, Worlds
from ..perception import Senses


class Practice:
    """How the episodes went that have ended since somebody asked."""

    def __init__(self, count: int) -> None:
        self._returns, self._lengths = np.zeros(count), np.zeros(count, int)
        self._won = np.zeros(count, bool)
        self._ended: list[tuple[float, float]] = []

    def see(self, steps: Steps) -> dict[int, tuple[float, int]]:
        """Counts a step; return and length of the episodes that it ended."""
        self._returns += steps.rewards
        self._lengths += 1
        self._won |= steps.success
        ended = {}
        for place in np.flatnonzero(steps.terminated | steps.truncated).tolist():
            ended[place] = (float(self._returns[place]), int(self._lengths[place]))
            self._ended.append((ended[place][0], float(self._won[place])))
            self._returns[place], self._lengths[place], self._won[place] = 0, 0, False
        return ended

    def take(self) -> dict[str, float]:
        """Mean return and success of the episodes that ended; nothing where none did."""
        if not self._ended:
            return {}
        returns, won = np.mean(np.array(self._ended), 0).tolist()
        self._ended = []
        return {"return": returns, "success": won}


class ShownWorlds(VecEnv):
    """Worlds as Stable-Baselines3 takes them.

    Args:
        worlds: of one task.
        senses: how their observations are read.
    """

    def __init__(self, worlds: Worlds, senses: Senses) -> None:
        self._worlds, self._senses = worlds, senses
        self.practice = Practice(worlds.count)
        self._actions: Sequence[Any] = ()
        self._begun = time.monotonic()
        super().__init__(worlds.count, senses.space, worlds.action_space)

    def reset(self) -> dict[str, NDArray[Any]]:
        """Begins an episode in each world."""
        return self._senses.read_all(self._worlds.reset())

    def step_async(self, actions: NDArray[Any]) -> None:
        """Notes what is to be done."""
        self._actions = list(actions)

    def step_wait(self) -> Any:
        """Does it.

        Raises:
            BadArgument: a reward is no number.
        """
        steps = self._worlds.step(self._actions)
        if not np.isfinite(steps.rewards).all():
            place = int(np.argmin(np.isfinite(steps.rewards)))
            raise BadArgument(f"world {place} gave the reward {steps.rewards[place]}")
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for place, (earned, length) in self.practice.see(steps).items():
            infos[place] = {
                "terminal_observation": self._senses.read(steps.last[place]),
                "TimeLimit.truncated": bool(steps.truncated[place]),
                "episode": {"r": earned, "l": length, "t": time.monotonic() - self._begun},
            }
        seen = self._senses.read_all(steps.seen)
        return seen, steps.rewards.copy(), steps.terminated | steps.truncated, infos

    def close(self) -> None:
        """Ends the worlds."""
        self._worlds.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Nothing is told of single worlds."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Single worlds are left alone.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        """Single worlds are left alone.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """None of them is."""
        return [False] * self.num_envs
