"""D5RL's kitchens: a Franka arm, and four things of a kitchen to be done in an episode.

The standard kitchen wraps ``FrankaKitchen-v1`` of gymnasium-robotics. The randomised one draws
another kitchen at each reset. Tasks, rewards and horizons are those of D5RL (Rafailov et al.,
"D5RL: Diverse Datasets for Data-Driven Deep Reinforcement Learning", 2024).
"""

from __future__ import annotations

from ....core.specs import Embodiment, TaskSpec
from .element import IN_DISTRIBUTION, OUT_OF_DISTRIBUTION, instruct, parse_elements

FRANKA = Embodiment(
    id="franka-joint-velocity",
    kind="continuous",
    action_names=(*(f"joint{number}" for number in range(1, 8)), "finger1", "finger2"),
    # act_rng, gymnasium_robotics/envs/franka_kitchen/franka_env.py
    action_units=(*("2 rad/s",) * 7, *("2 m/s",) * 2),
    frame="joint",
    control_hz=12.5,  # timestep 0.002 s times frame_skip 40 (franka_env.py)
    low=(-1.0,) * 9,
    high=(1.0,) * 9,
    gripper="+1 opens, -1 closes, a finger each",
)
"""Velocities that are added to the measured joint positions; servos hold the sum."""

NO_OP = (0.0,) * 9
"""The servos hold what was measured. The arm sags slowly: it carries itself by their error."""

STANDARD_HORIZON = 280
"""``max_episode_steps`` of ``FrankaKitchen-v1`` [steps]."""


RANDOMIZED_HORIZON = 500
"""Of the randomised kitchen of D5RL [steps]."""


def _task(name: str, elements: tuple[str, ...], randomized: bool) -> TaskSpec:
    known = "in" if elements == IN_DISTRIBUTION else "out-of"
    return TaskSpec(
        id=f"d5rl.{name}-v1",
        entry_point="polyathlon.tasks.d5rl.kitchen.environment:Kitchen",
        embodiment=FRANKA,
        instruction=instruct(parse_elements(elements)),
        max_episode_steps=RANDOMIZED_HORIZON if randomized else STANDARD_HORIZON,
        kwargs={"elements": elements, "randomized": randomized},
        default_observations=("state", "instruction"),
        oracle="polyathlon.tasks.d5rl.kitchen.expert:make_expert",
        renderer="mujoco",
        tags=("d5rl-kitchen", f"d5rl-{known}-distribution"),
        no_op=NO_OP,
    )


KITCHEN_TASKS: tuple[TaskSpec, ...] = (
    _task("kitchen-standard", IN_DISTRIBUTION, False),
    _task("kitchen-standard-ood", OUT_OF_DISTRIBUTION, False),
    _task("kitchen-randomized", IN_DISTRIBUTION, True),
    _task("kitchen-randomized-ood", OUT_OF_DISTRIBUTION, True),
)
"""Both kitchens with D5RL's two sets of elements."""
