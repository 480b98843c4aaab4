"""The Franka kitchen: a step and a frame, against gymnasium-robotics' own with its defaults.

Upstream's runs in a process of its own (``python kitchens.py SIZE``): it takes for granted that no
one else draws, and would draw into our buffers, without the smoothing that its own have.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from typing import Any

import gymnasium
import gymnasium_robotics
import measure
import numpy as np
from homes import _per_call
from measure import Ratio

from polyathlon.tasks import catalogue
from polyathlon.tasks.rendering import select_backend

SIZES = (64, 128)
STEPS, FRAMES, SLOW_FRAMES = 60, 20, 2
"""Calls a measurement; a frame with upstream's defaults takes seconds."""


def costs(pairs: int) -> list[Ratio]:
    """Ratios of steps a second, and of steps with a picture."""
    rows = [
        measure.ratio(
            "kitchen step / gymnasium-robotics' defaults",
            functools.partial(_per_call, _ours(("state",)), STEPS),
            functools.partial(_upstream, 0),
            pairs,
        )
    ]
    rows += [
        measure.ratio(
            f"kitchen step with a frame, {size} px / gymnasium-robotics' defaults",
            functools.partial(_per_call, _ours(("rgb",), size), FRAMES),
            functools.partial(_upstream, size),
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
    env.step(still)
    return lambda: env.step(still)


def _upstream(size: int) -> float:
    """Steps a second of upstream's, each with a frame if there is a size."""
    command = [sys.executable, __file__, str(size)]
    alike = {**os.environ, "MUJOCO_GL": select_backend()}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=alike)
    return float(done.stdout.splitlines()[-1])


def _theirs(size: int) -> Any:
    """Takes a step of upstream's, and a frame if there is a size."""
    gymnasium.register_envs(gymnasium_robotics)
    drawn: dict[str, Any] = (
        {"render_mode": "rgb_array", "width": size, "height": size} if size else {}
    )
    # Without the time limit and the checker, which ours is measured without as well.
    env = gymnasium.make("FrankaKitchen-v1", **drawn).unwrapped
    env.reset(seed=0)
    still = np.zeros(env.action_space.shape)

    def step() -> None:
        env.step(still)
        if size:
            env.render()

    step()
    return step


if __name__ == "__main__":
    SIDE = int(sys.argv[1])
    print(_per_call(_theirs(SIDE), SLOW_FRAMES if SIDE else STEPS))
