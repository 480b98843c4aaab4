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
        dwell: control steps that are waited in any case, e.g. for fingers to close.
    """

    place: Vector
    turned: Vector = field(default_factory=lambda: facing(0.0))
    opening: float = 0.0
    speed: float = 0.5
    near: float = 0.015
    patience: int = 10
    dwell: int = 0


ACROSS = 0.7
"""Yaw of the hand at the microwave's handle [rad]: the fingers come from the side, so that one
of them is behind the handle and pulls it. Straight from the front they would slip off."""

AJAR = 0.03
"""Opening of a finger that goes between a handle and its door [m]."""

STEER = 0.6
"""How far from the middle the kettle is pushed for each metre that it should go sideways: what is
pushed left of its middle goes right."""

IDLE = 6
"""Moves without progress after which a skill gives up and begins again."""

Skill = Callable[[Any, Any], Iterator[Move]]
"""Called with the world's model and data."""


def _point(x: float, y: float, z: float) -> Vector:
    return np.array([x, y, z])


def _drive(value: Callable[[], float], goal: float, ahead: Callable[[], Move]) -> Iterator[Move]:
    """Moves on until a value has reached its goal, or has stopped growing: then it slipped."""
    best, idle = value(), 0
    while value() < goal and idle < IDLE:
        yield ahead()
        idle = 0 if value() > best + 2e-3 else idle + 1
        best = max(best, value())


def slide_cabinet(model: Any, data: Any) -> Iterator[Move]:
    """Pushes the handle to the right, from its left."""
    handle, joint = data.site("slide_site").xpos, data.joint("slide_cabinet")
    left = _point(-0.09, 0.0, -0.03)
    yield Move(place=handle + left + _point(0, -0.12, 0), near=0.04)
    yield Move(place=handle + left + _point(0, 0.01, 0))
    yield from _drive(
        lambda: float(joint.qpos[0]),
        0.37,
        lambda: Move(place=handle + _point(0.06, 0.0, -0.03), patience=2),
    )


def light_switch(model: Any, data: Any) -> Iterator[Move]:
    """Sweeps the lever to the left, from its right."""
    lever, joint = data.site("light_site").xpos, data.joint("light_switch")
    yield Move(place=lever + _point(0.07, -0.12, 0.01), near=0.04)
    yield Move(place=lever + _point(0.07, 0.0, 0.01))
    yield from _drive(
        lambda: -float(joint.qpos[0]),
        0.66,
        lambda: Move(place=lever + _point(-0.07, 0.0, 0.01), patience=2),
    )


def kettle(model: Any, data: Any) -> Iterator[Move]:
    """Pushes the kettle's body from the front with two fingers apart."""
    body, down = data.joint("kettle").qpos, facing(0.0, 0.5)
    shell = model.body("kettleroot")
    half = model.geom_size[shell.geomadr[0] + shell.geomnum[0] - 1]  # the box around it
    front = _point(0, -half[1], 0.07)
    yield Move(
        place=body[:3] + front + _point(0, -0.12, 0.08), turned=down, opening=OPEN, near=0.04
    )
    yield Move(place=body[:3] + front + _point(0, -0.06, 0), turned=down, opening=OPEN)

    def push() -> Move:
        left = 0.73 - body[1]
        place = body[:3] + front + _point(STEER * (body[0] + 0.23), 0.03 + 0.1 * left, 0)
        return Move(place=place, turned=down, opening=OPEN, speed=0.25, patience=1)

    yield from _drive(lambda: float(body[1]), 0.7, push)


def _turn(site: str, joint: str) -> Skill:
    def skill(model: Any, data: Any) -> Iterator[Move]:
        """Pushes the upper end of a knob's bar to the right, along its circle."""
        middle, coordinate = data.site(site).xpos, data.joint(joint)
        upright = facing(0, 0, np.pi / 2)

        def beside(angle: float, gap: float, depth: float) -> Vector:
            upward = _point(np.sin(angle), 0, np.cos(angle))
            rightward = _point(np.cos(angle), 0, -np.sin(angle))
            return np.asarray(middle + 0.032 * upward - gap * rightward + _point(0, depth, 0))

        def turned() -> float:
            return -float(coordinate.qpos[0])

        yield Move(place=beside(0.0, 0.06, -0.12), turned=upright, near=0.03)
        yield Move(place=beside(0.0, 0.06, 0.0), turned=upright, speed=0.3)
        yield from _drive(
            turned,
            0.7,
            lambda: Move(
                place=beside(turned() + 0.2, 0.02, 0.0), turned=upright, speed=0.3, patience=2
            ),
        )

    return skill


def microwave(model: Any, data: Any) -> Iterator[Move]:
    """Takes the handle between the fingers and pulls it along its circle."""
    handle, joint = data.site("microhandle_site").xpos, data.joint("microwave")
    hinge = data.xanchor[model.joint("microwave").id]
    deep = 0.02

    def opened() -> float:
        return -float(joint.qpos[0])

    def pull() -> Move:
        arm = handle - hinge
        back = np.cross(_point(0, 0, -1), arm / np.linalg.norm(arm))
        turned = facing(ACROSS - 0.7 * opened())
        place = handle + deep * turned[:, 2] + 0.06 * back
        return Move(place=place, turned=turned, speed=0.25, patience=2)

    turned = facing(ACROSS)
    yield Move(place=handle - 0.12 * turned[:, 2], turned=turned, opening=AJAR, patience=20)
    yield Move(place=handle + deep * turned[:, 2], turned=turned, opening=AJAR, speed=0.3)
    yield Move(place=handle + deep * turned[:, 2], turned=turned, dwell=5)
    yield from _drive(opened, 0.75, pull)


def hinge_cabinet(model: Any, data: Any) -> Iterator[Move]:
    """Takes the handle of the right door, pulls it ajar, and pushes the door from within."""
    handle, joint = data.site("hinge_site2").xpos, data.joint("right_hinge_cabinet")
    hinge = data.xanchor[model.joint("right_hinge_cabinet").id]
    low = _point(0, 0, -0.02)

    def opened() -> float:
        return float(joint.qpos[0])

    def pull() -> Move:
        arm = handle - hinge
        back = np.cross(_point(0, 0, 1), arm / np.linalg.norm(arm))
        turned = facing(0.5 * opened())
        place = handle + low + 0.02 * turned[:, 2] + 0.06 * back
        return Move(place=place, turned=turned, speed=0.3, patience=2)

    def within(gap: float, reach: float = 0.3) -> Vector:
        along = _point(-np.cos(opened()), -np.sin(opened()), 0)
        inward = _point(-np.sin(opened()), np.cos(opened()), 0)
        return np.asarray(hinge + reach * along + gap * inward + low)

    if opened() < 0.6:
        yield Move(place=handle + low + _point(0, -0.12, 0), opening=OPEN, patience=20)
        yield Move(place=handle + low + _point(0, 0.02, 0), opening=OPEN, speed=0.3)
        yield Move(place=handle + low + _point(0, 0.02, 0), dwell=5)
        yield from _drive(opened, 0.75, pull)
    yield Move(place=handle + low + _point(-0.05, -0.12, 0), opening=OPEN, near=0.04)
    yield Move(place=within(0.15, 0.5), near=0.04)
    yield Move(place=within(0.08))
    yield from _drive(opened, 1.48, lambda: Move(place=within(-0.06), patience=2))


SKILLS: Mapping[str, Skill] = MappingProxyType(
    {
        "microwave": microwave,
        "kettle": kettle,
        "bottom burner": _turn("knob2_site", "knob_Joint_2"),
        "top burner": _turn("knob4_site", "knob_Joint_4"),
        "light switch": light_switch,
        "slide cabinet": slide_cabinet,
        "hinge cabinet": hinge_cabinet,
    }
)
"""By the element they do."""
