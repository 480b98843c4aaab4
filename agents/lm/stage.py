"""Worlds that are played side by side while an agent learns, and that can be taken up after a kill.

What is kept of a world is the number of its episode and what was done in it: seeds make the rest
again, to the bit where the world promises so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from ...core.errors import BadArgument
from ...core.specs import TaskSpec, derive_seed
from .many import rank


class World(NamedTuple):
    """One environment and what is declared of its task."""

    env: gymnasium.Env[Any, Any]
    task: TaskSpec


MakeWorlds = Callable[[int, Sequence[str]], list[World]]
"""Makes so many worlds, which show such fields; tasks come round in turn."""


class Finished(NamedTuple):
    """An episode that has ended.

    Attributes:
        task: its id.
        total_reward: undiscounted.
        success: whether it was won.
        steps: how many.
    """

    task: str
    total_reward: float
    success: bool
    steps: int


class Post:
    """One world and its running episode."""

    def __init__(self, world: World, seed: Callable[[int], int]) -> None:
        self.world, self._seed = world, seed
        self.episode, self.actions = -1, list[Any]()
        self.observation: Mapping[str, Any] = {}
        self.instruction = ""
        self._earned, self._won = 0.0, False

    def begin(self) -> None:
        """The next episode."""
        self.episode += 1
        self.actions, self._earned, self._won = [], 0.0, False
        self.observation, info = self.world.env.reset(seed=self._seed(self.episode))
        self.instruction = str(self.observation.get("instruction", self.world.task.instruction))
        self._won = bool(info.get("success", False))

    def step(self, action: Any) -> tuple[float, Finished | None]:
        """One step; the reward, and the episode if it ended."""
        self.actions.append(action.tolist() if isinstance(action, np.ndarray) else action)
        seen, reward, terminated, truncated, info = self.world.env.step(action)
        self.observation = seen
        task = self.world.task
        self._earned += float(reward)
        held = bool(info.get("success", False))
        self._won = held or (self._won and task.success_rule == "once")
        truncated = truncated or len(self.actions) >= task.max_episode_steps
        if not (terminated or truncated):
            return float(reward), None
        return float(reward), Finished(task.id, self._earned, self._won, len(self.actions))

    def take_up(self, standing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Goes on where the first process's world stood; the other processes' begin an episode."""
        if rank() == 0:
            return self.replay(standing["episode"], standing["actions"])
        self.episode = standing["episode"]
        self.begin()
        return []

    def replay(self, episode: int, actions: Sequence[Any]) -> list[Mapping[str, Any]]:
        """Takes up an episode where it stood; what was seen before each of its actions.

        Raises:
            BadArgument: the world does not play the episode as it was played.
        """
        self.episode = episode - 1
        self.begin()
        seen = []
        for action in actions:
            seen.append(self.observation)
            kind = self.world.env.action_space
            given = np.asarray(action, kind.dtype) if isinstance(action, list) else action
            if self.step(given)[1] is not None:
                raise BadArgument(
                    f"{self.world.task.id} does not play episode {episode} as it did: it cannot be "
                    "taken up; begin anew with another --out"
                )
        return seen


class Stage:
    """Several worlds.

    Args:
        worlds: all that one process plays.
        seed: of every episode.
        rank: of the process.

    Attributes:
        posts: one a world.
        finished: the episodes that have ended since somebody last took them away.
    """

    def __init__(self, worlds: Sequence[World], seed: int, rank: int = 0) -> None:
        self.posts = [
            Post(world, _Seeds(seed, rank, number)) for number, world in enumerate(worlds)
        ]
        self.finished: list[Finished] = []

    def standing(self) -> list[dict[str, Any]]:
        """Where every world stands, as plain JSON."""
        return [{"episode": one.episode, "actions": one.actions} for one in self.posts]

    def close(self) -> None:
        """Closes all worlds."""
        for post in self.posts:
            post.world.env.close()


class _Seeds:
    """The seed of each episode of one world: of nobody else's, and never an evaluation's."""

    def __init__(self, *parts: int) -> None:
        self._parts = parts

    def __call__(self, episode: int) -> int:
        return derive_seed("practice", *self._parts, episode) % 2**31


def check_bodies(worlds: Sequence[World]) -> None:
    """Refuses worlds of different bodies where one is asked for.

    Raises:
        BadArgument: names two.
    """
    first = worlds[0].task
    for world in worlds:
        if world.task.embodiment != first.embodiment:
            raise BadArgument(
                f"{first.id} and {world.task.id} have different bodies "
                f"('{first.embodiment.id}', '{world.task.embodiment.id}'): this agent learns one"
            )
