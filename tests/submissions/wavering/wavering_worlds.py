"""A world a tier of determinism, each of which can be made to break its promise.

``WAVERING`` in the environment is what another machine would add to every reward: its last bit, or
more. The folder is put on the import path; its metadata make it a distribution.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

from polyathlon.core.specs import Embodiment, Family, TaskSpec

LENGTH = 5


class WaveringWorld(gymnasium.Env[Any, Any]):
    """Rewards are half the action's, half the dice's: the seed's, or the system's own."""

    render_info: ClassVar = {"backend": "none"}
    action_space = spaces.Box(-1, 1, (2,), np.float32)

    def __init__(
        self,
        dice: str = "seed",
        observations: tuple[str, ...] = ("state",),
        render_mode: str | None = None,
    ) -> None:
        self._own_dice = dice == "system"
        state = spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.observation_space = spaces.Dict({"state": state})
        self._more = float(os.environ.get("WAVERING", "0"))

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._dice = np.random.default_rng() if self._own_dice else self.np_random
        self._steps, self._total = 0, 0.0
        return {"state": np.zeros(1)}, {"success": False}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        reward = float(np.mean(action)) + self._dice.normal() + self._more
        self._total += reward
        over = self._steps >= LENGTH
        won = bool(over and self._total > 0)
        return {"state": np.array([self._total])}, reward, over, False, {"success": won}

    def render(self) -> Any:
        return np.zeros((16, 16, 3), np.uint8)


def _task(determinism: str, dice: str = "seed") -> TaskSpec:
    return TaskSpec(
        id=f"wavering.{determinism}-v0",
        entry_point="wavering_worlds:WaveringWorld",
        embodiment=Embodiment(
            id="none", kind="continuous", action_names=("x", "y"), action_units=("1", "1"),
            low=(-1.0, -1.0), high=(1.0, 1.0),
        ),
        instruction="",
        max_episode_steps=LENGTH,
        kwargs={"dice": dice},
        observations=("state",),
        default_observations=("state",),
        success_rule="end",
        determinism=determinism,  # type: ignore[arg-type]
    )  # fmt: skip


FAMILY = Family(
    name="wavering",
    title="Worlds of every tier",
    extra="none",
    packages=(),
    tasks=(_task("bit"), _task("platform"), _task("statistical", "system")),
)
