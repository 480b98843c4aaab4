"""Unitree A1, a quadruped of 12 motors: it walks at a speed, hikes, or runs from goal to goal.

Speeds and horizons are those of ``benchmark/domains/a1`` in d5rlbenchmark/d5rl.
"""

from __future__ import annotations

from ....core.specs import Embodiment, TaskSpec
from .pose import JOINTS, action_of, standing_pose

A1 = Embodiment(
    id="a1-joint-targets",
    kind="continuous",
    action_names=JOINTS,
    # -1 and 1 are the ends of what a joint may be told: pose.TARGET_LOW, pose.TARGET_HIGH [rad].
    action_units=("1",) * len(JOINTS),
    frame="joint",
    control_hz=20.0,
    low=(-1.0,) * len(JOINTS),
    high=(1.0,) * len(JOINTS),
)
"""Targets of a position controller in every joint, each over its own range."""

NO_OP = tuple(float(value) for value in action_of(standing_pose()).round(6))
"""The robot stands."""

WALK_STEPS, HIKE_STEPS = 400, 1000
"""Horizons of upstream's ``simplerun`` and ``runto``, and of ``hike`` [steps]."""

WALKS: dict[str, tuple[float, float, str]] = {
    "walk": (0.5, 25.5, "a1-speed-known"),
    "walk-medium": (0.8, -20.7, "a1-speed-known"),
    "walk-fast": (1.0, -40.0, "a1-speed-known"),
    "interpolate": (0.75, -14.6, "a1-speed-new"),
    "extrapolate-below": (0.25, 69.0, "a1-speed-new"),
    "extrapolate-above": (1.25, -55.9, "a1-speed-new"),
}
"""By name: speed to keep [m/s], mean return of random play, and tag."""

HIKING_FLOOR = 68.9
"""Mean return of random play on the hill course."""

RUNTO_FLOOR = 36.5
"""Mean return of random play on the field."""


def _source(most: int) -> str:
    return (
        "floor: mean of 100 episodes of uniformly random actions, seeds 0 to 99, measured with "
        f"this code (docs/d5rl.md); ceiling: the most that the reward's formula gives, {most}"
    )


def _walk(name: str, speed: float, floor: float, tag: str) -> TaskSpec:
    most = 10 * WALK_STEPS
    return TaskSpec(
        id=f"d5rl.a1-{name}-v1",
        entry_point=f"{__name__}.environment:A1Walk",
        embodiment=A1,
        instruction=f"Walk straight ahead at {speed:g} m/s.",
        max_episode_steps=WALK_STEPS,
        kwargs={"speed": speed, "horizon": WALK_STEPS},
        default_observations=("state",),
        score="return",
        success_rule="end",
        floor=floor,
        ceiling=float(most),
        reference_source=_source(most),
        oracle=f"{__name__}.expert:make_expert",
        determinism="platform",
        renderer="mujoco",
        tags=("d5rl-a1", tag),
        no_op=NO_OP,
    )


A1_TASKS = (
    *(_walk(name, *what) for name, what in WALKS.items()),
    TaskSpec(
        id="d5rl.a1-hiking-v1",
        entry_point=f"{__name__}.environment:A1Hike",
        embodiment=A1,
        instruction="Hike over the hills from one goal to the next at 1 m/s.",
        max_episode_steps=HIKE_STEPS,
        default_observations=("state",),
        score="return",
        floor=HIKING_FLOOR,
        ceiling=10.0 * HIKE_STEPS,
        reference_source=_source(10 * HIKE_STEPS),
        oracle=f"{__name__}.expert:make_expert",
        determinism="platform",
        renderer="mujoco",
        tags=("d5rl-a1",),
        no_op=NO_OP,
    ),
    TaskSpec(
        id="d5rl.a1-runto-v1",
        entry_point=f"{__name__}.errand:A1RunTo",
        embodiment=A1,
        instruction="Run to the goal, and from there to the next, at 1 m/s.",
        max_episode_steps=WALK_STEPS,
        default_observations=("state",),
        score="return",
        floor=RUNTO_FLOOR,
        ceiling=10.0 * WALK_STEPS,
        reference_source=_source(10 * WALK_STEPS),
        oracle=f"{__name__}.expert:make_expert",
        oracle_solves=False,  # some goals lie within its turns: docs/d5rl.md
        determinism="platform",
        renderer="mujoco",
        tags=("d5rl-a1",),
        no_op=NO_OP,
    ),
)
"""Every task of this robot."""
