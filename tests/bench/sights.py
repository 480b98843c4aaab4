"""Social navigation's senses: pictures, depth and the laser scanner."""

from __future__ import annotations

import functools
import importlib.util
import math
import statistics
from collections.abc import Callable
from typing import Any

import measure
import numpy as np
from homes import SIZES, _per_call

from polyathlon.tasks.socialnav.drawing.space import Plan
from polyathlon.tasks.socialnav.lidar import RAYS, Lidar
from polyathlon.tasks.socialnav.painter import Painter, Sight

PEOPLE, WALLS = 20, 40


def _square(count: int) -> tuple[Plan, Sight]:
    """An open square with so many people before the robot."""
    dice = np.random.default_rng(3)
    sight = Sight(
        robot=(-6.0, 0.0, 0.0),
        places=dice.uniform(-5, 5, (count, 2)),
        headings=dice.uniform(-3, 3, count),
        speeds=dice.uniform(0.5, 1.5, count),
        walked=dice.uniform(0, 9, count),
    )
    return Plan(people=np.array([[-6.0, -6.0], [6.0, 6.0]])), sight


def _corridor(count: int) -> tuple[Plan, Sight]:
    """A corridor with so many people in it."""
    dice = np.random.default_rng(4)
    outline = np.array([[-7, -1.5], [7, -1.5], [7, 1.5], [-7, 1.5]], float)
    places = np.column_stack([dice.uniform(-4, 6, count), dice.uniform(-1.1, 1.1, count)])
    sight = Sight(robot=(-6.0, 0.0, 0.0), places=places, headings=dice.uniform(-3, 3, count))
    return Plan(outline=outline, people=np.array([[-6.0, 0.0]]), look=1), sight


def _painter(size: int, plan: Plan, sight: Sight) -> Painter:
    painter = Painter((size, size))
    painter.load(plan, len(sight.places))
    painter.both(sight)
    return painter


def frames(pairs: int) -> list[tuple[str, float, float, float]]:
    """Milliseconds of processor time a frame."""
    rows = []
    places = (("a square, 20 people", _square(20)), ("a corridor, 6 people", _corridor(6)))
    for words, (plan, sight) in places:
        for size in SIZES:
            painter = _painter(size, plan, sight)
            senses: dict[str, Callable[[Sight], Any]] = {
                "rgb": painter.draw, "depth": painter.depth, "both": painter.both,
            }  # fmt: skip
            for name, draw in senses.items():
                call = functools.partial(draw, sight)
                costs = [1e3 / _per_call(call, 20) for _ in range(pairs)]
                rows.append(
                    (f"{name} {size} px, {words}", statistics.median(costs), min(costs), max(costs))
                )
            painter.close()
    return rows


def pictures(pairs: int) -> list[measure.Ratio]:
    """Depth against colours, and people against none."""
    rows = []
    for size in SIZES:
        plan, sight = _square(PEOPLE)
        full = _painter(size, plan, sight)
        empty = _painter(size, plan, Sight(robot=sight.robot))
        rows.append(
            measure.ratio(
                f"depth at {size} px / rgb",
                functools.partial(_per_call, functools.partial(full.depth, sight), 20),
                functools.partial(_per_call, functools.partial(full.draw, sight), 20),
                pairs,
            )
        )
        rows.append(
            measure.ratio(
                f"rgb at {size} px: {PEOPLE} people / nobody",
                functools.partial(_per_call, functools.partial(full.draw, sight), 20),
                functools.partial(
                    _per_call, functools.partial(empty.draw, Sight(robot=sight.robot)), 20
                ),
                pairs,
            )
        )
        full.close()
        empty.close()
    return rows


def _scene() -> tuple[tuple[float, float, float], np.ndarray, np.ndarray]:
    dice = np.random.default_rng(0)
    discs = np.column_stack([dice.uniform(-8, 8, (PEOPLE, 2)), np.full(PEOPLE, 0.3)])
    discs = discs[np.hypot(discs[:, 0], discs[:, 1]) > 0.6]
    return (0.0, 0.0, 0.3), discs, dice.uniform(-9, 9, (WALLS, 4))


def _rays(discs: np.ndarray, walls: np.ndarray) -> Callable[[], None]:
    """The same scan by MuJoCo, people moved before it."""
    import mujoco

    spec = mujoco.MjSpec()
    for x, y, radius in discs:
        body = spec.worldbody.add_body(mocap=True, pos=[x, y, 0.0])
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[radius, 1.0, 0.0])
    for x1, y1, x2, y2 in walls:
        turn = math.atan2(y2 - y1, x2 - x1) / 2
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[math.hypot(x2 - x1, y2 - y1) / 2, 1e-3, 1.0],
            pos=[(x1 + x2) / 2, (y1 + y2) / 2, 0.0],
            quat=[math.cos(turn), 0.0, 0.0, math.sin(turn)],
        )
    model = spec.compile()
    data = mujoco.MjData(model)
    angles = 0.3 + math.tau * np.arange(RAYS) / RAYS
    rays = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(RAYS)]).ravel()
    geoms, away = np.zeros(RAYS, np.int32), np.zeros(RAYS)

    def scan() -> None:
        mujoco.mj_kinematics(model, data)
        mujoco.mj_multiRay(model, data, np.zeros(3), rays, None, 1, -1, geoms, away, RAYS, 10.0)

    return scan


def scans(pairs: int) -> list[measure.Ratio]:
    """The scanner against MuJoCo's rays on the same walls and people."""
    pose, discs, walls = _scene()
    bare = _rays(discs, walls)
    kernels = ["numpy", *(["numba"] if importlib.util.find_spec("numba") else [])]
    rows = []
    for kernel in kernels:
        scanner = Lidar(kernel=kernel)  # type: ignore[arg-type]
        scan = functools.partial(scanner.scan, pose, discs, walls)
        scan()
        rows.append(
            measure.ratio(
                f"{RAYS} rays, {PEOPLE} people, {WALLS} walls: {kernel} / mj_multiRay",
                functools.partial(_per_call, scan, 300),
                functools.partial(_per_call, bare, 300),
                pairs,
            )
        )
    return rows
