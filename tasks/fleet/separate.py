"""The task's own environments, stepped one after the other in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.specs import TaskSpec, derive_seed
from ...core.worlds import Seen, Steps
from .. import catalogue


class SeparateWorlds:
    """As many environments of a task as are wanted.

    Args:
        spec: the task.
        count: how many.
        seed: of their episodes; world and number of an episode fix its start.
        kwargs: arguments of each.
    """

    def __init__(self, spec: TaskSpec, count: int, seed: int, kwargs: Mapping[str, Any]) -> None:
        self.count, self._spec, self._seed = count, spec, seed
        self._envs = [catalogue.build(spec, **kwargs) for _ in range(count)]
        observed = self._envs[0].observation_space
        assert isinstance(observed, spaces.Dict)
        self.observation_space, self.action_space = observed, self._envs[0].action_space
        self._episodes = [0] * count

    def reset(self) -> Seen:
        """Begins an episode in each."""
        return _stacked([self._begin(place) for place in range(self.count)])

    def _begin(self, place: int) -> Mapping[str, Any]:
        seed = derive_seed("world", self._seed, place, self._episodes[place])
        self._episodes[place] += 1
        count = self._spec.numbered_episodes
        seen: Mapping[str, Any] = self._envs[place].reset(
            seed=seed, options={"episode": seed % count} if count else None
        )[0]
        return seen

    def step(self, actions: Sequence[Any]) -> Steps:
        """Does an action in each, and begins the next episode where one ended."""
        rewards = np.zeros(self.count, np.float32)
        ends, cuts, won = (np.zeros(self.count, bool) for _ in range(3))
        rows: list[Mapping[str, Any]] = []
        last: dict[int, Mapping[str, Any]] = {}
        for place, (env, action) in enumerate(zip(self._envs, actions, strict=True)):
            seen, reward, ended, cut, info = env.step(action)
            rewards[place], ends[place], won[place] = reward, ended, bool(info["success"])
            cuts[place] = cut and not ended
            if ended or cut:
                last[place], seen = seen, self._begin(place)
            rows.append(seen)
        return Steps(_stacked(rows), rewards, ends, cuts, won, last)

    def close(self) -> None:
        """Closes them all."""
        for env in self._envs:
            env.close()


def _stacked(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Observations side by side."""
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(values: list[Any]) -> NDArray[Any] | list[str]:
    return values if isinstance(values[0], str) else np.stack(values)
