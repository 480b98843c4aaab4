"""The Adroit hand as bodies: its motors' names and ranges, and the arm's, which differ by task.

Read off ``gymnasium_robotics/envs/assets/adroit_hand`` (1.4.2); a test holds them against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ....core.specs import Embodiment

Range = tuple[float, float]

_SPREAD: Range = (-0.44, 0.44)
_BEND: Range = (0.0, 1.6)

HAND: Mapping[str, Range] = MappingProxyType(
    {
        "WRJ1": (-0.524, 0.175),
        "WRJ0": (-0.79, 0.61),
        **{
            f"{finger}J{number}": _SPREAD if number == 3 else _BEND
            for finger in ("FF", "MF", "RF")
            for number in (3, 2, 1, 0)
        },
        "LFJ4": (0.0, 0.7),
        "LFJ3": _SPREAD,
        **{f"LFJ{number}": _BEND for number in (2, 1, 0)},
        "THJ4": (-1.0, 1.0),
        "THJ3": (0.0, 1.3),
        "THJ2": (-0.26, 0.26),
        "THJ1": (-0.52, 0.52),
        "THJ0": (-1.571, 0.0),
    }
)
"""What the hand's 24 motors may be told [rad], in the order of actions: wrist, first, middle and
ring finger, little finger, thumb."""

_TURN: Range = (-0.75, 0.75)

ARMS: Mapping[str, Mapping[str, Range]] = MappingProxyType(
    {
        "pen": {},
        "hammer": {"ARRx": (-0.4, 0.25), "ARRy": (-0.3, 0.3)},
        "door": {"ARTz": (-0.3, 0.5), "ARRx": _TURN, "ARRy": _TURN, "ARRz": (-1.0, 2.0)},
        "relocate": {
            "ARTx": (-0.25, 0.25),
            "ARTy": (0.0, 0.2),
            "ARTz": (-0.3, 0.5),
            "ARRx": _TURN,
            "ARRy": _TURN,
            "ARRz": _TURN,
        },
    }
)
"""By task, what the motors that carry the hand may be told: slides (``ART``) [m], hinges (``ARR``)
[rad]. They come before the hand's."""


def _range_in_words(name: str, ends: Range) -> str:
    return f"{ends[0]:g} to {ends[1]:g} {'m' if name.startswith('ART') else 'rad'}"


def body_of(task: str) -> Embodiment:
    """The body of a task in ``ARMS``; actions of -1 and 1 are the ends of each motor's range."""
    motors = {**ARMS[task], **HAND}
    return Embodiment(
        id=f"adroit-{task}",
        kind="continuous",
        action_names=tuple(motors),
        action_units=tuple(_range_in_words(*motor) for motor in motors.items()),
        frame="joint",
        control_hz=100.0,  # timestep 0.002 s times frame_skip 5 (envs/adroit_hand/adroit_*.py)
        low=(-1.0,) * len(motors),
        high=(1.0,) * len(motors),
    )
