"""Two small worlds, as a stranger would write them: count to a number, and find a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from polyathlon.core.errors import BadArgument
from polyathlon.core.specs import Embodiment, Family, TaskSpec

MODULE = "polyathlon_toy"

BODY = Embodiment(id="toy-finger", kind="discrete", action_names=("down", "stay", "up"))


class Number(gymnasium.Env[dict[str, Any], int]):
    """A number goes up and down; the episode is won when it reaches the goal.

    Args:
        hidden: whether the goal is kept out of the observation.
        observations: ``state`` (the number, and the goal or -1), ``instruction``.
        image_size: accepted and unused: there is nothing to see.
        render_profile: accepted and unused.
    """

    def __init__(
        self,
        hidden: bool = False,
        observations: tuple[str, ...] = ("state", "instruction"),
        image_size: Any = 64,
        render_profile: str = "fast",
        render_mode: str | None = None,
    ) -> None:
        offered: dict[str, spaces.Space[Any]] = {
            "state": spaces.Box(-20, 20, (2,), np.float32),
            "instruction": spaces.Text(
                64, min_length=0, charset="abcdefghijklmnopqrstuvwxyz 0123456789"
            ),
        }
        unknown = set(observations) - set(offered)
        if unknown:
            raise BadArgument(f"toy tasks have no observation {', '.join(sorted(unknown))}")
        self._hidden, self.render_mode = hidden, render_mode
        self.observation_space = spaces.Dict({key: offered[key] for key in sorted(observations)})
        self.action_space = spaces.Discrete(3)
        self.number = self.goal = 0

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draws a goal from 3 to 9, and starts at 0."""
        super().reset(seed=seed)
        self.number, self.goal = 0, int(self.np_random.integers(3, 10))
        return self._observation(), {"success": False}

    def step(self, action: int) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Moves by one; the reward of 1 comes with the goal."""
        self.number = int(np.clip(self.number + int(action) - 1, -20, 20))
        won = self.number == self.goal
        return self._observation(), float(won), won, False, {"success": won}

    def _observation(self) -> dict[str, Any]:
        words = "find the number" if self._hidden else f"count to {self.goal}"
        shown = -1 if self._hidden else self.goal
        values = {
            "state": np.array([self.number, shown], np.float32),
            "instruction": words,
        }
        return {key: values[key] for key in self.observation_space.spaces}


class Climber:
    """The oracle: up until the end."""

    def __init__(self, env: gymnasium.Env[Any, Any], task: TaskSpec | None = None) -> None:
        self._env = env

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Has nothing to forget."""

    def act(self, observation: Mapping[str, Any]) -> int:
        """Up."""
        return 2


def _task(name: str, instruction: str, **kwargs: Any) -> TaskSpec:
    return TaskSpec(
        id=f"toy.{name}-v0",
        entry_point=f"{MODULE}:Number",
        embodiment=BODY,
        instruction=instruction,
        max_episode_steps=30,
        kwargs=kwargs,
        observations=("state", "instruction"),
        default_observations=("state", "instruction"),
        oracle=f"{MODULE}:Climber",
    )


FAMILY = Family(
    name="toy",
    title="Toy numbers",
    extra="",
    packages=("polyathlon_toy",),
    tasks=(_task("count", "count to a number"), _task("find", "find the number", hidden=True)),
    upstream="tests/plugin_family",
)
