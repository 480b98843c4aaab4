"""D5RL: robot worlds for learning from data that was recorded before, and a little from play.

After "D5RL: Diverse Datasets for Data-Driven Deep Reinforcement Learning" (repository
d5rlbenchmark/d5rl). The worlds of the A1 and of the WidowX are built anew: no mesh and
no file of upstream's is needed. The kitchens are gymnasium-robotics'.
"""

from __future__ import annotations

from ...core.specs import Family
from .a1 import A1_TASKS
from .adroit import ADROIT_TASKS
from .kitchen import KITCHEN_TASKS
from .widowx import WIDOWX_TASKS

FAMILY = Family(
    name="d5rl",
    title="D5RL, robots that learn from recorded data",
    extra="d5rl",
    packages=("gymnasium_robotics", "mujoco"),
    tasks=(*A1_TASKS, *KITCHEN_TASKS, *WIDOWX_TASKS, *ADROIT_TASKS),
    upstream="https://github.com/d5rlbenchmark/d5rl",
)
"""A table of tasks for every robot."""
