"""The WidowX 250s as a MuJoCo model of primitives: no mesh is needed.

Lengths, masses, limits, damping, actuators and contact settings: ``benchmark/domains/widowx/robot``
of d5rlbenchmark/d5rl. The inertia of links is that of their primitives, the arm's own weight is
carried (upstream leaves it to the servos), and the arm touches the world from the elbow outwards,
never itself.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

TIMESTEP = 0.001
"""Of physics [s]."""

JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate")
"""Of the arm, from the base."""

HOME = (1.57, -0.6, 0.6, 0.0, 1.57, 0.0)
"""Angles of the joints at the start [rad]: the hand points down, ahead of the base."""

FINGERS = ("left_finger", "right_finger")

FINGER_RANGE = (0.015, 0.037)
"""Of a finger's joint from the hand's middle [m]."""

SPEED, SPEED_GAIN, SPEED_FORCE = 0.2, 200.0, 10.0
"""Velocity that an action of 1 asks for [m/s], its gain [N s/m], its greatest force [N]."""

TURN, TURN_GAIN, TURN_TORQUE = 3.0, 10.0, 1.0
"""Angle that an action of 1 asks for [rad], its gain [Nm/rad], its greatest torque [Nm]."""

GRIP_SPEED, GRIP_GAIN, GRIP_FORCE = 1.0, 10.0, 10.0
"""Velocity of the fingers' distance [m/s], its gain [N s/m], its greatest force [N]."""

JOINT_DAMPING, JOINT_FRICTION = 2.0, 0.01
"""Of the arm [Nm s/rad, Nm]."""

FINGER_ARMATURE, FINGER_DAMPING, FINGER_FRICTION = 1.0, 0.1, 0.1
"""[kg, N s/m, N]"""

BASE_FRAME = (0.5, -0.5, 0.5, 0.5)
"""Orientation of the site in which actions and senses are given: x down, y to the robot's left,
z ahead of it."""

TIP = 0.043 + 0.023 + 0.027575
"""From the last joint to the point between the fingers [m]."""

PAD_DEPTH = 0.010
"""How far a finger's inner face is inside of its joint's coordinate [m] (the site
``left_finger_ee``)."""

COLOURS = {
    "shell": (0.17, 0.17, 0.19, 1.0),
    "motor": (0.33, 0.34, 0.37, 1.0),
    "metal": (0.62, 0.64, 0.67, 1.0),
    "rubber": (0.26, 0.27, 0.30, 1.0),
}
"""Of materials."""


class Link(NamedTuple):
    """A link and the joint that moves it.

    Attributes:
        joint: its name.
        place: in the link before [m].
        axis: of the joint.
        limits: of the joint [rad].
        mass: of the link [kg].
    """

    joint: str
    place: tuple[float, float, float]
    axis: tuple[int, int, int]
    limits: tuple[float, float]
    mass: float


LINKS = (
    Link("waist", (0, 0, 0.072), (0, 0, 1), (-3.14158, 3.14158), 0.480879),
    Link("shoulder", (0, 0, 0.03865), (0, 1, 0), (-1.88496, 1.98968), 0.430811),
    Link("elbow", (0.04975, 0, 0.25), (0, 1, 0), (-2.14675, 1.6057), 0.234589),
    Link("forearm_roll", (0.175, 0, 0), (1, 0, 0), (-3.14158, 3.14158), 0.220991),
    Link("wrist_angle", (0.075, 0, 0), (0, 1, 0), (-1.74533, 2.14675), 0.084957),
    Link("wrist_rotate", (0.065, 0, 0), (1, 0, 0), (-3.14158, 3.14158), 0.072885),
)
"""From the base outwards (``wx250s_arm.xml``)."""

HAND_MASS, FINGER_MASS = 0.034199 + 0.00434, 0.016246
"""Of the gripper's bar with its propeller, and of a finger [kg] (``wx250s_hand.xml``)."""


def add_body(spec: Any) -> None:
    """Adds the arm with its actuators.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    for name, colour in COLOURS.items():
        spec.add_material(name=name, rgba=colour, specular=0.4, shininess=0.5)
    base = spec.worldbody.add_body(name="base")
    base.add_site(name="base", quat=BASE_FRAME, size=(0.005,) * 3, group=4)
    _add_base_looks(base)
    link = base
    for one in LINKS:
        link = _add_link(link, one)
    link.add_site(name="wrist", size=(0.005,) * 3, group=4)
    link.add_site(name="tip", pos=(TIP, 0, 0), size=(0.005,) * 3, group=4)
    _add_hand(link)
    _add_actuators(spec)


def _add_link(parent: Any, one: Link) -> Any:
    import mujoco

    link = parent.add_body(name=one.joint, pos=one.place, gravcomp=1)
    link.add_joint(
        name=one.joint, type=mujoco.mjtJoint.mjJNT_HINGE, axis=one.axis, range=one.limits,
        limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=JOINT_DAMPING,
        frictionloss=JOINT_FRICTION,
    )  # fmt: skip
    _SHAPES[one.joint](link, one.mass)
    return link


def _add_base_looks(base: Any) -> None:
    box, cylinder, _ = _kinds()
    base.add_geom(type=box, size=(0.075, 0.09, 0.012), pos=(-0.02, 0, 0.012), material="shell",
                  **_untouching(0.3))  # fmt: skip
    base.add_geom(type=cylinder, size=(0.05, 0.022, 0), pos=(0, 0, 0.046), material="motor",
                  **_untouching(0.238736))  # fmt: skip


def _shoulder_looks(link: Any, mass: float) -> None:
    box, cylinder, _ = _kinds()
    link.add_geom(type=cylinder, size=(0.043, 0.008, 0), pos=(0, 0, 0.004), material="shell",
                  **_untouching(mass / 2))  # fmt: skip
    for side in (-1, 1):
        link.add_geom(
            type=box, size=(0.021, 0.005, 0.028), pos=(0, side * 0.03, 0.03), material="shell",
            **_untouching(mass / 4),
        )  # fmt: skip


def _upper_arm_looks(link: Any, mass: float) -> None:
    box, cylinder, _ = _kinds()
    link.add_geom(type=cylinder, size=(0.022, 0.024, 0), quat=_SIDEWAYS, material="motor",
                  **_untouching(mass / 4))  # fmt: skip
    link.add_geom(type=box, size=(0.017, 0.02, 0.13), pos=(0, 0, 0.13), material="shell",
                  **_untouching(mass / 2))  # fmt: skip
    link.add_geom(type=box, size=(0.0375, 0.019, 0.019), pos=(0.0225, 0, 0.25), material="shell",
                  **_untouching(mass / 8))  # fmt: skip
    link.add_geom(type=cylinder, size=(0.021, 0.027, 0), pos=(0.04975, 0, 0.25), quat=_SIDEWAYS,
                  material="motor", **_untouching(mass / 8))  # fmt: skip


def _forearm_looks(link: Any, mass: float) -> None:
    box, _, capsule = _kinds()
    link.add_geom(type=box, size=(0.06, 0.016, 0.016), pos=(0.075, 0, 0), material="shell",
                  **_solid(mass / 2))  # fmt: skip
    link.add_geom(type=capsule, size=(0.017, 0, 0), fromto=(0.13, 0, 0, 0.16, 0, 0),
                  material="motor", **_untouching(mass / 2))  # fmt: skip


def _roll_looks(link: Any, mass: float) -> None:
    box, cylinder, _ = _kinds()
    link.add_geom(type=box, size=(0.028, 0.015, 0.018), pos=(0.024, 0, 0), material="shell",
                  **_solid(mass / 2))  # fmt: skip
    link.add_geom(type=cylinder, size=(0.018, 0.022, 0), pos=(0.075, 0, 0), quat=_SIDEWAYS,
                  material="motor", **_untouching(mass / 2))  # fmt: skip


def _wrist_looks(link: Any, mass: float) -> None:
    box, _, _ = _kinds()
    link.add_geom(type=box, size=(0.024, 0.014, 0.016), pos=(0.036, 0, 0), material="shell",
                  **_solid(mass))  # fmt: skip


def _gripper_looks(link: Any, mass: float) -> None:
    box, cylinder, _ = _kinds()
    link.add_geom(type=cylinder, size=(0.017, 0.008, 0), pos=(0.004, 0, 0), quat=_ALONG,
                  material="motor", **_untouching(mass / 3))  # fmt: skip
    link.add_geom(type=box, size=(0.014, 0.02, 0.016), pos=(0.024, 0, 0), material="shell",
                  **_solid(mass * 2 / 3))  # fmt: skip


_SIDEWAYS = (math.sqrt(0.5), math.sqrt(0.5), 0, 0)
_ALONG = (math.sqrt(0.5), 0, math.sqrt(0.5), 0)
_SHAPES = dict(
    zip(
        JOINTS,
        (
            _shoulder_looks, _upper_arm_looks, _forearm_looks, _roll_looks, _wrist_looks,
            _gripper_looks,
        ),
        strict=True,
    )
)  # fmt: skip


def _add_hand(gripper: Any) -> None:
    import mujoco

    box, cylinder, _ = _kinds()
    hand = gripper.add_body(name="hand", pos=(0.043, 0, 0), gravcomp=1)
    hand.add_geom(
        type=box, size=(0.008, 0.062, 0.012), material="metal", mass=HAND_MASS * 0.8, **_touching()
    )
    hand.add_geom(type=cylinder, size=(0.016, 0.004, 0), pos=(0.010, 0, 0), quat=_ALONG,
                  material="motor", **_untouching(HAND_MASS * 0.2))  # fmt: skip
    for name, side in zip(FINGERS, (1, -1), strict=True):
        finger = hand.add_body(name=name, pos=(0.023, 0, 0), gravcomp=1)
        least, most = sorted(side * end for end in FINGER_RANGE)
        finger.add_joint(
            name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 1, 0), range=(least, most),
            limited=mujoco.mjtLimited.mjLIMITED_TRUE, armature=FINGER_ARMATURE,
            damping=FINGER_DAMPING, frictionloss=FINGER_FRICTION,
        )  # fmt: skip
        finger.add_geom(type=box, size=(0.006, 0.011, 0.011), pos=(-0.010, side * 0.001, 0),
                        material="shell", **_untouching(0.0))  # fmt: skip
        finger.add_geom(
            name=name, type=box, size=(0.023, 0.0045, 0.010),
            pos=(0.019, side * (0.0045 - PAD_DEPTH), 0), material="rubber", mass=FINGER_MASS,
            **_touching(),
        )  # fmt: skip


def _add_actuators(spec: Any) -> None:
    """Three velocities, three angles, and the fingers, in the order of the actions."""
    import mujoco

    kinds = mujoco.mjtTrn
    for number, name in enumerate(("x", "y", "z", "rx", "ry", "rz")):
        gear = [0.0] * 6
        gear[number] = 1.0
        moves = number < 3
        _add_servo(
            spec, name, SPEED_GAIN if moves else TURN_GAIN,
            SPEED_FORCE if moves else TURN_TORQUE, by_velocity=moves,
            trntype=kinds.mjTRN_SITE, target="wrist", refsite="base", gear=gear,
        )  # fmt: skip
    split = spec.add_tendon(name="split")
    for name, sign in zip(FINGERS, (1, -1), strict=True):
        split.wrap_joint(name, sign)
    _add_servo(spec, "grip", GRIP_GAIN, GRIP_FORCE, by_velocity=True,
               trntype=kinds.mjTRN_TENDON, target="split")  # fmt: skip
    coupling = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT, name1=FINGERS[1], name2=FINGERS[0],
        objtype=mujoco.mjtObj.mjOBJ_JOINT, solref=(0.005, 0.5), solimp=(0.95, 0.99, 0.001, 0.5, 2),
    )  # fmt: skip
    coupling.data[:5] = (0, -1, 0, 0, 0)


def _add_servo(
    spec: Any, name: str, gain: float, force: float, *, by_velocity: bool, **where: Any
) -> None:
    import mujoco

    bias = [0.0] * 10
    bias[2 if by_velocity else 1] = -gain
    spec.add_actuator(
        name=name,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[gain] + [0.0] * 9,
        biasprm=bias,
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=(-force, force),
        **where,
    )


def _kinds() -> tuple[Any, Any, Any]:
    import mujoco

    kinds = mujoco.mjtGeom
    return kinds.mjGEOM_BOX, kinds.mjGEOM_CYLINDER, kinds.mjGEOM_CAPSULE


def _touching() -> dict[str, Any]:
    """Touches the world, never another part of the robot."""
    return {
        "contype": 1, "conaffinity": 0, "condim": 6, "friction": (1.0, 0.1, 0.001),
        "solref": (0.002, 1.0), "solimp": (0.95, 0.99, 0.001, 0.5, 2),
    }  # fmt: skip


def _solid(mass: float) -> dict[str, Any]:
    return {"contype": 1, "conaffinity": 0, "mass": mass}


def _untouching(mass: float) -> dict[str, Any]:
    return {"contype": 0, "conaffinity": 0, "mass": mass}
