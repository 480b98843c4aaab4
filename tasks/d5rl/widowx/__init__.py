"""D5RL's WidowX 250s: a shoe and a toy on a table, and two bins to put them into.

Actions, senses, rates and the numbers of a task are those of ``benchmark/domains/widowx`` in
d5rlbenchmark/d5rl, as far as they are public; what is not is said in ``docs/d5rl-widowx.md``.
"""

from __future__ import annotations

from ....core.specs import Embodiment, TaskSpec

WIDOWX = Embodiment(
    id="widowx-cartesian-velocity",
    kind="continuous",
    action_names=(
        "down", "left", "ahead", "turn_down", "turn_left", "turn_ahead", "gripper",
    ),
    # SPEED, TURN and GRIP_SPEED of body.py are what 1 stands for.
    action_units=(*("0.2 m/s",) * 3, *("3 rad",) * 3, "1 m/s"),
    frame="base: x down, y left, z ahead",
    control_hz=20.0,
    low=(-1.0,) * 7,
    high=(1.0,) * 7,
    gripper="+1 opens, -1 closes; 0 lets go slowly",
)  # fmt: skip
"""Velocities of the last joint, angles of the hand from pointing down and ahead, and the velocity
of the fingers' distance."""

NO_OP = (0.0,) * 7
"""The arm stands still, and the hand turns back to pointing down."""

STEPS_AN_OBJECT = 80
"""Horizon for each object that is to be moved [steps]. Upstream's is not public: at 0.2 m/s an arm
moves a centimetre a step at most, and from the start into a bin it is half a metre."""

WORDS = {
    "sorting": "Put the shoe into the white bin and the toy into the black bin.",
    "pickplace": "Put the object that is named into the bin that is named.",
}
"""Of the tasks, by name."""


def _task(name: str, objects: int, state: str) -> TaskSpec:
    return TaskSpec(
        id=f"d5rl.widowx-{name}{'-full' if state == 'full' else ''}-v1",
        entry_point=f"{__name__}.environment:WidowX",
        embodiment=WIDOWX,
        instruction=WORDS[name],
        max_episode_steps=STEPS_AN_OBJECT * objects,
        kwargs={"task": name, "state": state},
        default_observations=("state", "instruction"),
        oracle=f"{__name__}.expert:make_expert",
        determinism="platform",
        renderer="mujoco",
        tags=("d5rl-widowx", f"d5rl-widowx-{state}"),
        no_op=NO_OP,
    )


WIDOWX_TASKS: tuple[TaskSpec, ...] = (
    _task("sorting", 2, "robot"),
    _task("pickplace", 1, "robot"),
    _task("sorting", 2, "full"),
    _task("pickplace", 1, "full"),
)
"""Both tasks of this robot, for agents that see pictures beside the state, and for those that do
not: their state says what lies where."""
