"""Adroit: an anthropomorphic hand turns a pen, opens a door, drives a nail, carries a ball.

The worlds are gymnasium-robotics' (Rajeswaran et al., arXiv 1709.10087); rewards and horizons are
those of D5RL's binary tasks (github.com/d5rlbenchmark/d5rl).
"""

from __future__ import annotations

from ....core.specs import TaskSpec
from .hand import body_of

STEPS = 200
"""Horizon of all tasks but the pen's [steps]."""

PEN_STEPS = 100
"""[steps]; gymnasium-robotics' own is 200, D5RL's and D4RL's are this."""


def _task(name: str, instruction: str, steps: int = STEPS) -> TaskSpec:
    return TaskSpec(
        id=f"d5rl.adroit-{name}-v1",
        entry_point=f"{__name__}.environment:AdroitHand",
        embodiment=body_of(name),
        instruction=instruction,
        max_episode_steps=steps,
        kwargs={"task": name, "instruction": instruction},
        default_observations=("state",),
        score="return",
        floor=-float(steps),
        ceiling=0.0,
        reference_source="a step is worth -1 until the goal is reached and 0 at it: the ends of "
        "what that allows (github.com/d5rlbenchmark/d5rl, binary Adroit tasks)",
        determinism="platform",
        renderer="mujoco",
        tags=("d5rl-adroit",),
    )


ADROIT_TASKS = (
    _task("pen", "Turn the pen in the hand until it points like the green one.", PEN_STEPS),
    _task("door", "Turn the handle and open the door."),
    _task("hammer", "Take the hammer and drive the nail into the board."),
    _task("relocate", "Carry the ball to the green target."),
)
"""Every task of the hand. None has a solver: expert play must come from recorded data."""
