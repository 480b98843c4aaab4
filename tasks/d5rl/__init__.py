"""D5RL: robot worlds for offline reinforcement learning, with experts that make their data."""

from __future__ import annotations

from ...core.specs import Family
from .kitchen import KITCHEN_TASKS

FAMILY = Family(
    name="d5rl",
    title="D5RL, worlds for offline reinforcement learning",
    extra="d5rl",
    packages=("gymnasium_robotics", "mujoco"),
    tasks=KITCHEN_TASKS,
    upstream="https://github.com/d5rlbenchmark/d5rl",
)
