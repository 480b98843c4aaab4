"""How each element of the kitchen is done: ways of the finger tips, relative to the objects.

A skill is a generator of :class:`Move` values. It is resumed when the finger tips have arrived,
or have stopped getting nearer, and looks at the world again before it says where to go next:
what slipped is taken hold of where it lies now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arm import OPEN, facing

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Move:
    """Where the finger tips go next.

    Attributes:
        place: [m].
        turned: orientation of the hand `[3, 3]`.
        opening: of each finger [m].
        speed: on the way [m/s].
        near: how near is near enough [m].
        patience: control steps after the plan has arrived that are waited for the arm.
    """

    place: Vector
    turned: Vector = field(default_factory=lambda: facing(0.0))
    opening: float = 0.0
    speed: float = 0.5
    near: float = 0.02
    patience: int = 4


Skill = Callable[[Any, Any], Iterator[Move]]
"""Called with the world's model and data."""


def _point(x: float, y: float, z: float) -> Vector:
    return np.array([x, y, z])


def slide_cabinet(model: Any, data: Any) -> Iterator[Move]:
    """Pushes the handle to the right, from its left."""
    handle = data.site("slide_site").xpos
    left = _point(-0.09, -0.08, -0.03)
    yield Move(place=handle + left + _point(0, -0.06, 0))
    yield Move(place=handle + left + _point(0, 0.07, 0))
    while data.joint("slide_cabinet").qpos[0] < 0.37:
        yield Move(place=handle + _point(0.06, 0.0, -0.03), patience=2)


def light_switch(model: Any, data: Any) -> Iterator[Move]:
    """Sweeps the lever to the left, from its right."""
    lever = data.site("light_site").xpos
    yield Move(place=lever + _point(0.07, -0.12, 0.01))
    yield Move(place=lever + _point(0.07, 0.0, 0.01))
    while data.joint("light_switch").qpos[0] > -0.66:
        yield Move(place=lever + _point(-0.07, 0.0, 0.01), patience=2)


def kettle(model: Any, data: Any) -> Iterator[Move]:
    """Pushes the kettle's body from the front with two fingers apart, steering its middle."""
    body = data.joint("kettle").qpos
    goal = _point(-0.23, 0.75, 1.62)
    yield Move(place=_point(body[0], body[1] - 0.26, 1.76), opening=OPEN)
    yield Move(place=_point(body[0], body[1] - 0.22, 1.69), opening=OPEN)
    while body[1] < goal[1] - 0.02:
        step = _point(body[0] + 2.0 * (body[0] - goal[0]) * 0, body[1] - 0.122 + 0.05, 1.69)
        yield Move(place=step, opening=OPEN, speed=0.3, patience=2)


def _knob(site: str, joint: str) -> Skill:
    def turn(model: Any, data: Any) -> Iterator[Move]:
        """Pushes the upper end of the bar to the right, along its circle."""
        middle = data.site(site).xpos

        def beside(angle: float, gap: float, depth: float) -> Vector:
            upward = _point(np.sin(angle), 0, np.cos(angle))
            rightward = _point(np.cos(angle), 0, -np.sin(angle))
            return middle + 0.032 * upward - gap * rightward + _point(0, depth, 0)

        yield Move(place=beside(0.0, 0.06, -0.12), turned=facing(0, 0, np.pi / 2))
        yield Move(place=beside(0.0, 0.05, -0.0), turned=facing(0, 0, np.pi / 2), speed=0.3)
        while -data.joint(joint).qpos[0] < 0.9:
            ahead = -data.joint(joint).qpos[0] + 0.35
            yield Move(
                place=beside(ahead, 0.02, 0.0), turned=facing(0, 0, np.pi / 2), speed=0.3, patience=2
            )

    return turn


def microwave(model: Any, data: Any) -> Iterator[Move]:
    """Takes the handle between the fingers and pulls it along its circle."""
    handle, joint = data.site("microhandle_site").xpos, data.joint("microwave")
    hinge = data.xanchor[model.joint("microwave").id]
    yaw = 0.3
    ahead = facing(yaw)[:, 2]
    grasp = handle + _point(0, 0, 0.0)
    yield Move(place=grasp - 0.14 * ahead, turned=facing(yaw), opening=OPEN)
    yield Move(place=grasp + 0.02 * ahead, turned=facing(yaw), opening=OPEN, speed=0.3)
    yield Move(place=grasp + 0.02 * ahead, turned=facing(yaw), patience=6)
    while joint.qpos[0] > -0.72:
        arm = handle - hinge
        back = np.cross(_point(0, 0, -1), arm / np.linalg.norm(arm))
        yaw = 0.3 + 0.7 * joint.qpos[0]
        yield Move(
            place=handle + 0.02 * facing(yaw)[:, 2] + 0.06 * back,
            turned=facing(yaw),
            speed=0.3,
            patience=2,
        )


def hinge_cabinet(model: Any, data: Any) -> Iterator[Move]:
    """Takes the handle of the right door, pulls it ajar, and pushes the door from within."""
    handle, joint = data.site("hinge_site2").xpos, data.joint("right_hinge_cabinet")
    hinge = data.xanchor[model.joint("right_hinge_cabinet").id]
    low = _point(0, 0, -0.08)
    yield Move(place=handle + low + _point(0, -0.14, 0), opening=OPEN)
    yield Move(place=handle + low + _point(0, 0.02, 0), opening=OPEN, speed=0.3)
    yield Move(place=handle + low + _point(0, 0.02, 0), patience=6)
    while joint.qpos[0] < 1.45:
        arm = handle - hinge
        back = np.cross(_point(0, 0, 1), arm / np.linalg.norm(arm))
        yaw = 0.5 * joint.qpos[0]
        yield Move(
            place=handle + low + 0.02 * facing(yaw)[:, 2] + 0.06 * back,
            turned=facing(yaw),
            speed=0.3,
            patience=2,
        )


SKILLS: Mapping[str, Skill] = MappingProxyType(
    {
        "microwave": microwave,
        "kettle": kettle,
        "bottom burner": _knob("knob2_site", "knob_Joint_2"),
        "top burner": _knob("knob4_site", "knob_Joint_4"),
        "light switch": light_switch,
        "slide cabinet": slide_cabinet,
        "hinge cabinet": hinge_cabinet,
    }
)
"""By the element they do."""
