"""Writing logs in the SocNav3 trajectory format; :mod:`.socnav3` says what it is, and reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadLog
from ...core.files import write_atomically
from . import extras
from .log import EpisodeLog, Goal
from .socnav3 import ANY_HEADING

NO_GRID = {
    "width": 1,
    "height": 1,
    "cell_size": 1.0,
    "x_orig": 0.0,
    "y_orig": 0.0,
    "angle_orig": 0.0,
    "data": [[-1]],
}
"""One unknown cell: the format asks for a grid."""

Floats = NDArray[np.float64]


def save_socnav3(path: Path, log: EpisodeLog) -> None:
    """Writes a log as a trajectory file.

    Raises:
        BadLog: the log has other robots, for which the format has no room; nothing is written.
        RunDirectoryError: the disk refused; an old file stays.
    """
    write_atomically(path, socnav3_text(log).encode())


def socnav3_text(log: EpisodeLog) -> str:
    """The trajectory file of a log, as JSON text.

    Raises:
        BadLog: the log has other robots, for which the format has no room.
    """
    if len(log.agents):
        raise BadLog("agents: the SocNav3 format has no room for other robots")
    file = {
        "metadata": extras.packed(log),
        "grid": log.meta.get("grid", NO_GRID),
        "walls": log.walls.tolist(),
        "sequence": [_frame(log, k) for k in range(log.steps)],
    }
    return json.dumps(file, allow_nan=False)


def _frame(log: EpisodeLog, k: int) -> dict[str, Any]:
    robot, people = log.robot, log.humans
    size = robot.footprint or (2 * robot.radius, 2 * robot.radius)
    return {
        "timestamp": float(log.t[k]),
        "robot": {
            "shape": _outline("circle" if robot.footprint is None else "rectangle", *size),
            **_pose(robot.pos[k], robot.yaw[k]),
            "speed_x": float(robot.vel[k, 0]),
            "speed_y": float(robot.vel[k, 1]),
            "speed_a": float(robot.omega[k]),
        },
        "goal": _goal_frame(robot.goal, k),
        "people": [
            {"id": int(people.id[i]), **_pose(people.pos[k, i], people.yaw[k, i])}
            for i in np.flatnonzero(people.valid[k])
        ],
        "objects": [
            {
                "id": thing.id,
                "type": thing.kind,
                **_pose(thing.pos[k], thing.yaw[k]),
                "shape": _outline(thing.shape, thing.length, thing.width),
            }
            for thing in log.objects
        ],
    }


def _goal_frame(goal: Goal, k: int) -> dict[str, Any]:
    heading = 0.0 if goal.yaw is None else np.asarray(goal.yaw)[k]
    return {
        "type": goal.kind,
        "human": goal.human,
        **_pose(goal.pos[k], heading),
        "pos_threshold": goal.pos_tol,
        "angle_threshold": ANY_HEADING if goal.yaw_tol is None else goal.yaw_tol,
    }


def _pose(pos: Floats, angle: Any) -> dict[str, float]:
    return {"x": float(pos[0]), "y": float(pos[1]), "angle": float(angle)}


def _outline(shape: str, length: float, width: float) -> dict[str, Any]:
    return {"type": shape, "width": width, "length": length}
