"""The A1 as a MuJoCo model of primitives: no mesh is needed.

Masses, lengths, limits, damping, friction and contact settings: ``benchmark/domains/a1`` of
d5rlbenchmark/d5rl. The inertia of legs is that of their primitives, and legs do not collide with
each other.
"""

from __future__ import annotations

from typing import Any

from .pose import JOINTS, LEGS, LIMITS_LEG

TIMESTEP = 0.001
"""Of physics [s]."""

STIFFNESS, DAMPING, MOTOR_LIMIT = 60.0, 6.0, 33.5
"""Of the position controllers [Nm/rad, Nm s/rad, Nm]. MuJoCo's own actuators compute them, in
every step of physics."""

TRUNK_MASS, TRUNK_INERTIA = 4.713, (0.0159, 0.0378, 0.0457)
"""[kg], about its axes [kg m^2]."""

HIP_PLACE, HIP_MASS = (0.183, 0.047), 0.696
"""Of a hip ahead of and beside the trunk's middle [m], [kg]."""

THIGH_OFFSET, THIGH_MASS, CALF_MASS = 0.08505, 1.013, 0.226
"""Of a thigh beside its hip [m], [kg]."""

LINK = 0.2
"""Length of thigh and calf [m]."""

FOOT_RADIUS = 0.02
"""[m]"""

FOOT_FRICTION = (0.8, 0.02, 0.01)
"""Sliding, torsional, rolling."""

COLOURS = {
    "shell": (0.93, 0.94, 0.95, 1.0),
    "dark": (0.16, 0.18, 0.21, 1.0),
    "motor": (0.33, 0.36, 0.40, 1.0),
    "accent": (0.13, 0.55, 0.83, 1.0),
    "rubber": (0.08, 0.08, 0.09, 1.0),
}
"""Of materials."""


def add_body(spec: Any) -> None:
    """Adds the robot, its motors and sensors, and the cameras and the sun that follow it.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    import mujoco

    _settle(spec)
    for name, colour in COLOURS.items():
        spec.add_material(name=name, rgba=colour, specular=0.25, shininess=0.3)
    trunk = spec.worldbody.add_body(name="trunk", pos=(0, 0, 0.4))
    trunk.add_freejoint(name="root")
    trunk.mass, trunk.inertia, trunk.ipos = TRUNK_MASS, TRUNK_INERTIA, (0, 0, 0)
    trunk.explicitinertial = True
    trunk.add_site(name="imu", size=(0.005,) * 3, group=4)
    _add_trunk(trunk)
    _add_views(trunk)
    for leg in LEGS:
        _add_leg(trunk, leg)
    for joint in JOINTS:
        _add_motor(spec, joint)
    for name, kind in (
        ("framequat", mujoco.mjtSensor.mjSENS_FRAMEQUAT),
        ("gyro", mujoco.mjtSensor.mjSENS_GYRO),
        ("velocimeter", mujoco.mjtSensor.mjSENS_VELOCIMETER),
    ):
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="imu")


def _settle(spec: Any) -> None:
    import mujoco

    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 100.0


def _add_trunk(trunk: Any) -> None:
    box, capsule, cylinder = _shapes()
    # The one part of the trunk that touches the world; the others are looks.
    trunk.add_geom(type=box, size=(0.1335, 0.097, 0.057), material="shell", mass=0, **_touching())
    looks = _looks()
    for side in (-1, 1):
        trunk.add_geom(
            type=capsule, size=(0.022, 0.13, 0), pos=(0, side * 0.08, 0.045),
            quat=(0.70710678, 0, 0.70710678, 0), material="shell", **looks,
        )  # fmt: skip
        trunk.add_geom(
            type=box, size=(0.1, 0.003, 0.02), pos=(0, side * 0.0965, 0.0),
            material="accent", **looks,
        )  # fmt: skip
    trunk.add_geom(
        type=box, size=(0.11, 0.06, 0.012), pos=(-0.01, 0, 0.06), material="dark", **looks
    )
    trunk.add_geom(
        type=box, size=(0.045, 0.055, 0.042), pos=(0.215, 0, 0.012), material="shell", **looks
    )
    trunk.add_geom(
        type=box, size=(0.004, 0.05, 0.026), pos=(0.259, 0, 0.014), material="dark", **looks
    )
    for side in (-1, 1):
        trunk.add_geom(
            type=cylinder, size=(0.011, 0.003, 0), pos=(0.263, side * 0.026, 0.016),
            quat=(0.70710678, 0, 0.70710678, 0), material="accent", **looks,
        )  # fmt: skip
    trunk.add_geom(
        type=box, size=(0.03, 0.06, 0.04), pos=(-0.2, 0, 0.005), material="dark", **looks
    )


def _add_views(trunk: Any) -> None:
    import mujoco

    # Follows the robot without turning with it: from behind its right, slightly above.
    trunk.add_camera(
        name="follow",
        mode=mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM,
        pos=(-0.75, -1.15, 0.55),
        xyaxes=(0.838, -0.546, 0, 0.203, 0.312, 0.928),
        fovy=45,
    )
    trunk.add_camera(
        name="side",
        mode=mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM,
        pos=(0, -1.5, 0.15),
        xyaxes=(1, 0, 0, 0, 0.1, 1),
        fovy=45,
    )
    # The sun goes along: shadows are only drawn around where a light stands.
    trunk.add_light(
        mode=mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM, pos=(-0.6, -0.9, 2.5), dir=(0.25, 0.4, -1),
        directional=True, diffuse=(0.55, 0.55, 0.52), specular=(0.1, 0.1, 0.1), castshadow=True,
    )  # fmt: skip


def _add_leg(trunk: Any, leg: str) -> None:
    import mujoco

    box, capsule, cylinder = _shapes()
    front, left = (1 if leg[0] == "F" else -1), (1 if leg[1] == "L" else -1)
    sideways, looks, touching = (0.70710678, 0.70710678, 0, 0), _looks(), _touching()
    hip = trunk.add_body(name=f"{leg}_hip", pos=(front * HIP_PLACE[0], left * HIP_PLACE[1], 0))
    _add_hinge(hip, f"{leg}_hip", (1, 0, 0), LIMITS_LEG[0], damping=1.0)
    hip.add_geom(
        type=cylinder, size=(0.046, 0.02, 0), pos=(0, left * 0.02, 0), quat=sideways,
        material="motor", mass=HIP_MASS, contype=0, conaffinity=0,
    )  # fmt: skip
    thigh = hip.add_body(name=f"{leg}_thigh", pos=(0, left * THIGH_OFFSET, 0))
    _add_hinge(thigh, f"{leg}_thigh", (0, 1, 0), LIMITS_LEG[1], damping=2.0)
    thigh.add_geom(
        type=capsule, size=(0.017, 0, 0), fromto=(0, 0, -0.02, 0, 0, -LINK + 0.02),
        material="shell", mass=THIGH_MASS / 2, **touching,
    )  # fmt: skip
    thigh.add_geom(  # the knee's motor sits beside the hip
        type=cylinder, size=(0.042, 0.022, 0), pos=(0, -left * 0.012, 0), quat=sideways,
        material="dark", mass=THIGH_MASS / 2, contype=0, conaffinity=0,
    )  # fmt: skip
    thigh.add_geom(
        type=box, size=(0.022, 0.014, 0.06), pos=(-0.004, 0, -0.075), material="shell", **looks
    )
    calf = thigh.add_body(name=f"{leg}_calf", pos=(0, 0, -LINK))
    _add_hinge(calf, f"{leg}_calf", (0, 1, 0), LIMITS_LEG[2], damping=2.0)
    calf.add_geom(
        type=capsule, size=(0.011, 0, 0), fromto=(0, 0, -0.01, 0, 0, -LINK + 0.02),
        material="dark", mass=CALF_MASS * 0.75, **touching,
    )  # fmt: skip
    calf.add_geom(type=cylinder, size=(0.019, 0.013, 0), quat=sideways, material="motor", **looks)
    calf.add_geom(
        name=f"{leg}_foot", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(FOOT_RADIUS, 0, 0),
        pos=(0, 0, -LINK), material="rubber", mass=CALF_MASS * 0.25, friction=FOOT_FRICTION,
        condim=6, priority=1, contype=1, conaffinity=0,
    )  # fmt: skip


def _add_hinge(
    body: Any, name: str, axis: tuple[int, int, int], limits: tuple[float, float], damping: float
) -> None:
    import mujoco

    body.add_joint(
        name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=limits,
        limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=damping, armature=0.01,
        frictionloss=0.2,
    )  # fmt: skip


def _add_motor(spec: Any, joint: str) -> None:
    import mujoco

    gain, bias = [0.0] * 10, [0.0] * 10
    gain[0], bias[1], bias[2] = STIFFNESS, -STIFFNESS, -DAMPING
    spec.add_actuator(
        name=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        target=joint,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=gain,
        biasprm=bias,
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=(-MOTOR_LIMIT, MOTOR_LIMIT),
    )


def _shapes() -> tuple[Any, Any, Any]:
    import mujoco

    kinds = mujoco.mjtGeom
    return kinds.mjGEOM_BOX, kinds.mjGEOM_CAPSULE, kinds.mjGEOM_CYLINDER


def _touching() -> dict[str, int]:
    """Touches the world, never another part of the robot."""
    return {"contype": 1, "conaffinity": 0}


def _looks() -> dict[str, int]:
    return {"contype": 0, "conaffinity": 0, "mass": 0}
