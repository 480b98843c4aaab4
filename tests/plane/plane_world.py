"""The point mass as a family of tasks, for commands that are run as a user would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from point_mass import SPEED, STEPS, towards_the_middle

from polyathlon.core.specs import Embodiment, Family, TaskSpec

BODY = Embodiment(
    id="point", kind="continuous", action_names=("x", "y"), low=(-1.0, -1.0), high=(1.0, 1.0)
)
OTHER_BODY = Embodiment(
    id="ship", kind="continuous", action_names=("x", "y"), low=(-1.0, -1.0), high=(1.0, 1.0)
)


class PlaneWorld(gymnasium.Env[dict[str, Any], Any]):
    """Get to the middle.

    Args:
        observations: ``state`` alone is offered.
        extra: numbers in the state that say nothing.
    """

    def __init__(
        self,
        observations: tuple[str, ...] = ("state",),
        extra: int = 0,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode, self._extra = render_mode, extra
        state = spaces.Box(-np.inf, np.inf, (2 + extra,), np.float32)
        self.observation_space = spaces.Dict(dict.fromkeys(observations, state))
        self.action_space = spaces.Box(-1, 1, (2,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        self._place = self.np_random.uniform(-1, 1, 2).astype(np.float32)
        return self._observation(), {"success": False, "options": options}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self._place = self._place + np.float32(SPEED) * np.asarray(action, np.float32)
        distance = float(np.linalg.norm(self._place))
        return self._observation(), -distance, False, False, {"success": distance < 0.1}

    def _observation(self) -> dict[str, Any]:
        return {"state": np.concatenate([self._place, np.zeros(self._extra, np.float32)])}


class Straight:
    """The oracle: straight to the middle."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        pass

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        pass

    def act(self, observation: Mapping[str, Any]) -> Any:
        return np.clip(towards_the_middle(observation["state"][:2]), -1, 1).astype(np.float32)


def _task(name: str, body: Embodiment = BODY, solves: bool = True, **kwargs: Any) -> TaskSpec:
    return TaskSpec(
        id=f"plane.{name}-v0",
        entry_point="plane_world:PlaneWorld",
        embodiment=body,
        instruction="Get to the middle.",
        max_episode_steps=STEPS,
        kwargs=kwargs,
        observations=("state",),
        default_observations=("state",),
        success_rule="end",
        oracle="plane_world:Straight",
        oracle_solves=solves,
    )


FAMILY = Family(
    name="plane",
    title="A point on a plane",
    extra="none",
    packages=(),
    tasks=(
        _task("middle"),
        _task("ship", body=OTHER_BODY),
        _task("wide", extra=3),
        _task("unsolved", solves=False),
    ),
)
