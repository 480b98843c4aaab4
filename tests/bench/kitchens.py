"""The Franka kitchen: a step and a frame, against gymnasium-robotics' own with its defaults."""

from __future__ import annotations

import functools
from typing import Any

import gymnasium
import gymnasium_robotics
import measure
import numpy as np
from homes import _per_call
from measure import Ratio

from polyathlon.tasks import catalogue

SIZES = (64, 128)
STEPS, FRAMES, SLOW_FRAMES = 60, 20, 2
"""Calls a measurement; a frame with upstream's defaults takes seconds."""


def costs(pairs: int) -> list[Ratio]:
    """Ratios of steps a second, and of steps with a picture."""
    gymnasium.register_envs(gymnasium_robotics)
    rows = [
        measure.ratio(
            "kitchen step / gymnasium-robotics' defaults",
            functools.partial(_per_call, _ours(("state",)), STEPS),
            functools.partial(_per_call, _theirs(None), STEPS),
            pairs,
        )
    ]
    rows += [
        measure.ratio(
            f"kitchen step with a frame, {size} px / gymnasium-robotics' defaults",
            functools.partial(_per_call, _ours(("rgb",), size), FRAMES),
            functools.partial(_per_call, _theirs(size), SLOW_FRAMES),
            pairs,
        )
        for size in SIZES
    ]
    return rows


def _ours(observations: tuple[str, ...], size: int = 64) -> Any:
    """Takes a step of ours, and a frame if ``rgb`` is observed."""
    task = catalogue.find("d5rl.kitchen-standard")
    env = catalogue.build(task, observations=observations, image_size=size)
    env.reset(seed=0)
    still = np.zeros(env.action_space.shape, np.float32)
    return lambda: env.step(still)


def _theirs(size: int | None) -> Any:
    """Takes a step of upstream's, and a frame if there is a size."""
    drawn: dict[str, Any] = (
        {} if size is None else {"render_mode": "rgb_array", "width": size, "height": size}
    )
    # Without the time limit and the checker, which ours is measured without as well.
    env = gymnasium.make("FrankaKitchen-v1", **drawn).unwrapped
    env.reset(seed=0)
    still = np.zeros(env.action_space.shape)

    def step() -> None:
        env.step(still)
        if size is not None:
            env.render()

    return step
