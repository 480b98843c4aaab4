"""Logs in the SocNav3 trajectory format, by which any simulator's episodes can be scored.

The format is that of "Towards Data-Driven Metrics for Social Robot Navigation Benchmarking"
(arXiv 2509.01251), as its schema and documents state it: a JSON object with ``grid``, ``walls``
and ``sequence``, one frame a time step, everything in metres, seconds and radians in one world
frame. A circle's ``length`` is its diameter.

What the format has no field for (radii and velocities of people, events, the robot's greatest
speed, ...) is written as JSON text in its free field ``metadata`` and read back from there, so
that a log exported by this module is scored as it was before. Files of others need none of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument, BadLog
from . import extras
from .log import EpisodeLog, Goal, GoalKind, RobotTrack, Shape, Thing, Tracks, nobody

Speeds = Literal["world", "robot", "positions"]
"""What ``speed_x`` and ``speed_y`` are: in the world's frame as in SocNav3, in the robot's as some
simulators write them, or not to be trusted, so that velocities come from positions."""

HUMAN_RADIUS = 0.3
"""The format states none; SocNav3's own ``metrics.py`` takes this [m]."""

GOAL_TOLERANCE = 0.3
"""Of a goal without ``pos_threshold`` [m]."""

ANY_HEADING = math.pi
"""An ``angle_threshold`` of half a turn or more asks for no heading, as in SocNav3's own code."""

DISAGREEMENT = (0.2, 0.5)
"""Stated speeds that are off the positions' by more than this [m/s], and by more than this share
of them, in the median, are an error: they are in another frame, or not speeds."""

Floats = NDArray[np.float64]


class _Outline(msgspec.Struct, frozen=True):
    """The shape of a body; older files say ``height`` for ``length``."""

    type: Shape
    width: float
    length: float | None = None
    height: float | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Length and width [m]."""
        length = self.length if self.length is not None else self.height
        assert length is not None, "frames without are refused"
        return length, self.width


class _Robot(msgspec.Struct, frozen=True):
    shape: _Outline
    x: float
    y: float
    angle: float
    speed_x: float | None = None
    speed_y: float | None = None
    speed_a: float | None = None


class _Goal(msgspec.Struct, frozen=True):
    type: GoalKind
    x: float
    y: float
    angle: float
    human: Any = None
    pos_threshold: float | None = None
    angle_threshold: float | None = None
    pos_th: float | None = None
    angle_th: float | None = None


class _Person(msgspec.Struct, frozen=True):
    id: int
    x: float
    y: float
    angle: float


class _Object(msgspec.Struct, frozen=True):
    id: int
    type: str
    x: float
    y: float
    angle: float
    shape: _Outline


class _Frame(msgspec.Struct, frozen=True):
    timestamp: float
    robot: _Robot
    goal: _Goal
    people: list[_Person]
    objects: list[_Object]


class _File(msgspec.Struct, frozen=True):
    grid: dict[str, Any]
    walls: list[tuple[float, float, float, float]]
    sequence: list[_Frame]
    metadata: str = ""


def load_socnav3(
    path: Path,
    *,
    speeds: Speeds = "world",
    human_radius: float = HUMAN_RADIUS,
    goal_tolerance: float = GOAL_TOLERANCE,
) -> EpisodeLog:
    """Reads a trajectory file.

    Velocities of people come from their positions, for the format has none, unless a log of ours
    told them in ``metadata``; so do the robot's where a file leaves them out. An object that a
    frame leaves out stays where it was.

    Args:
        path: the file.
        speeds: what the robot's stated speeds are.
        human_radius: of people, where the file does not say [m].
        goal_tolerance: of the goal, where the file does not say [m].

    Raises:
        BadLog: there is no such file, or a field is missing, of the wrong type, not finite, or
            says what cannot be; names the file and the field.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadLog(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return _log(_decoded(data), speeds, human_radius, goal_tolerance)
    except BadLog as error:
        raise BadLog(f"{path}: {error}") from error


def _decoded(data: bytes) -> _File:
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLog(_not_finite(data) or _told(str(error))) from error
    if not file.sequence:
        raise BadLog("sequence: no frame; at least one is needed")
    for index, frame in enumerate(file.sequence):
        bodies = {"robot": frame.robot.shape}
        bodies |= {f"objects[{k}]": thing.shape for k, thing in enumerate(frame.objects)}
        for name, shape in bodies.items():
            if shape.length is None and shape.height is None:
                raise BadLog(f"sequence[{index}].{name}.shape.length: missing")
    return file


def _not_finite(data: bytes) -> str | None:
    """Where a file says NaN or Infinity, which JSON does not know but some writers write."""
    try:
        left: list[tuple[str, Any]] = [("", json.loads(data))]
    except (ValueError, RecursionError):
        return None
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{name}.{key}".removeprefix("."), one) for key, one in value.items()]
        elif isinstance(value, list):
            left += [(f"{name}[{index}]", one) for index, one in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            return f"{name}: {value} is not a finite number"
    return None


def _told(message: str) -> str:
    """The words of msgspec with the field first: ``sequence[3].robot.x: Expected `float` ...``."""
    what, _, path = message.partition(" - at `$")
    name = path.rstrip("`").removeprefix(".")
    if what.startswith("Object missing required field `"):
        field = what.removeprefix("Object missing required field `").rstrip("`")
        return f"{name}.{field}: missing".removeprefix(".")
    return f"{name}: {what}" if name else f"is not what it should be: {what}"


def _log(file: _File, speeds: Speeds, human_radius: float, goal_tolerance: float) -> EpisodeLog:
    frames = file.sequence
    t = np.array([frame.timestamp for frame in frames])
    for index in np.flatnonzero(np.diff(t) <= 0).tolist():
        raise BadLog(
            f"sequence[{index + 1}].timestamp: time does not increase, {t[index + 1]:g} s after "
            f"{t[index]:g} s"
        )
    told, meta = extras.unpacked(file.metadata)
    log = EpisodeLog(
        t=t,
        robot=_robot(frames, t, speeds, _goal(frames, goal_tolerance)),
        humans=_people(frames, t, human_radius),
        objects=_objects(frames),
        walls=np.array(file.walls, np.float64).reshape(-1, 4),
        meta={**meta, "grid": file.grid},
    )
    return extras.restored(log, told)


def _constant(frames: Sequence[Any], name: str, values: Sequence[Any]) -> Any:
    for index, value in enumerate(values):
        if value != values[0]:
            raise BadLog(
                f"sequence[{index}].{name}: {value!r}, but {values[0]!r} at first; split a file in "
                "which it changes"
            )
    return values[0]


def _robot(frames: list[_Frame], t: Floats, speeds: Speeds, goal: Goal) -> RobotTrack:
    robots = [frame.robot for frame in frames]
    shape = _constant(frames, "robot.shape.type", [robot.shape.type for robot in robots])
    length, width = _constant(frames, "robot.shape", [robot.shape.size for robot in robots])
    pos = np.array([(robot.x, robot.y) for robot in robots])
    yaw = np.array([robot.angle for robot in robots])
    return RobotTrack(
        pos=pos,
        yaw=yaw,
        vel=_velocity(robots, pos, yaw, t, speeds),
        omega=_turn_rate(robots, yaw, t),
        radius=length / 2 if shape == "circle" else math.hypot(length, width) / 2,
        footprint=None if shape == "circle" else (length, width),
        goal=goal,
    )


def _stated(robots: list[_Robot], *names: str) -> Floats | None:
    """The numbers `[T, len(names)]`; None where no frame states them."""
    rows = [[getattr(robot, name) for name in names] for robot in robots]
    missing = [(k, names[row.index(None)]) for k, row in enumerate(rows) if None in row]
    if not missing:
        return np.array(rows, np.float64)
    if all(value is None for row in rows for value in row):
        return None
    index, name = missing[0]
    raise BadLog(f"sequence[{index}].robot.{name}: missing; state it in every frame or in none")


def _velocity(robots: list[_Robot], pos: Floats, yaw: Floats, t: Floats, speeds: Speeds) -> Floats:
    if speeds not in ("world", "robot", "positions"):
        raise BadArgument(f"speeds '{speeds}' are none of: world, robot, positions")
    moved = differences(pos, t)
    stated = _stated(robots, "speed_x", "speed_y")
    if stated is None or speeds == "positions":
        return moved
    if speeds == "robot":
        cosine, sine = np.cos(yaw), np.sin(yaw)
        ahead, left = stated[:, 0], stated[:, 1]
        stated = np.stack([cosine * ahead - sine * left, sine * ahead + cosine * left], axis=1)
    if len(t) > 1:
        off = float(np.median(np.hypot(*(stated - moved)[1:].T)))
        if off > max(DISAGREEMENT[0], DISAGREEMENT[1] * np.median(np.hypot(*moved[1:].T))):
            raise BadLog(
                f"sequence[...].robot.speed_x: speeds, taken in the {speeds}'s frame, are {off:.2f}"
                " m/s off those of the positions; say --speeds robot if they are in the robot's "
                "frame, or --speeds positions to leave them aside"
            )
    return stated


def _turn_rate(robots: list[_Robot], yaw: Floats, t: Floats) -> Floats:
    stated = _stated(robots, "speed_a")
    if stated is not None:
        return stated[:, 0]
    return differences(np.unwrap(yaw)[:, np.newaxis], t)[:, 0]


def differences(pos: Floats, t: Floats) -> Floats:
    """Velocities `[T, D]` realised over the interval that ends with each step.

    The first is that of the first interval, for there is none before; 0 for a single step.

    Args:
        pos: `[T, D]`.
        t: `[T]` [s].
    """
    if len(t) < 2:
        return np.zeros(pos.shape)
    rates = np.diff(pos, axis=0) / np.diff(t)[:, np.newaxis]
    return np.concatenate([rates[:1], rates])


def _goal(frames: list[_Frame], goal_tolerance: float) -> Goal:
    goals = [frame.goal for frame in frames]
    kind = _constant(frames, "goal.type", [goal.type for goal in goals])
    human = _constant(frames, "goal.human", [goal.human for goal in goals])
    near = _constant(
        frames,
        "goal.pos_threshold",
        [goal.pos_th if goal.pos_threshold is None else goal.pos_threshold for goal in goals],
    )
    turn = _constant(
        frames,
        "goal.angle_threshold",
        [goal.angle_th if goal.angle_threshold is None else goal.angle_threshold for goal in goals],
    )
    heading = turn is not None and turn < ANY_HEADING
    return Goal(
        pos=np.array([(goal.x, goal.y) for goal in goals]),
        pos_tol=goal_tolerance if near is None else near,
        yaw=np.array([goal.angle for goal in goals]) if heading else None,
        yaw_tol=turn if heading else None,
        kind=kind,
        human=human if isinstance(human, int) and not isinstance(human, bool) else None,
    )


def _people(frames: list[_Frame], t: Floats, radius: float) -> Tracks:
    if not radius > 0:
        raise BadArgument(f"a human radius of {radius:g} m is not positive")
    ids = sorted({person.id for frame in frames for person in frame.people})
    if not ids:
        return nobody(len(frames))
    column = {who: index for index, who in enumerate(ids)}
    pose = np.full((len(frames), len(ids), 3), np.nan)
    for k, frame in enumerate(frames):
        seen: set[int] = set()
        for index, person in enumerate(frame.people):
            if person.id in seen:
                raise BadLog(f"sequence[{k}].people[{index}].id: {person.id} is there twice")
            seen.add(person.id)
            pose[k, column[person.id]] = person.x, person.y, person.angle
    valid = ~np.isnan(pose[..., 0])
    vel = np.full((len(frames), len(ids), 2), np.nan)
    for who, index in column.items():
        there = np.flatnonzero(valid[:, index])
        gap = np.flatnonzero(np.diff(there) > 1)
        if gap.size:
            raise BadLog(
                f"sequence[{there[gap[0] + 1]}].people: id {who} flickers: it was last in "
                f"sequence[{there[gap[0]]}]; give one who comes back another id, or fill the gap"
            )
        vel[there, index] = differences(pose[there, index, :2], t[there])
    return Tracks(
        id=np.array(ids, np.int64),
        pos=pose[..., :2],
        yaw=pose[..., 2],
        vel=vel,
        radius=np.full(len(ids), radius),
        valid=valid,
    )


def _objects(frames: list[_Frame]) -> tuple[Thing, ...]:
    first: dict[int, tuple[int, _Object]] = {}
    poses: dict[int, Floats] = {}
    for k, frame in enumerate(frames):
        for index, thing in enumerate(frame.objects):
            name = f"sequence[{k}].objects[{index}]"
            if thing.id not in first:
                first[thing.id] = k, thing
                poses[thing.id] = np.full((len(frames), 3), np.nan)
            known = first[thing.id][1]
            if (thing.type, thing.shape) != (known.type, known.shape):
                raise BadLog(f"{name}: id {thing.id} is another thing than it was")
            if not np.isnan(poses[thing.id][k, 0]):
                raise BadLog(f"{name}.id: {thing.id} is there twice")
            poses[thing.id][k] = thing.x, thing.y, thing.angle
    found = []
    for number, (_, thing) in first.items():
        pose, (length, width) = _held(poses[number]), thing.shape.size
        found.append(
            Thing(
                id=number,
                kind=thing.type,
                pos=pose[:, :2],
                yaw=pose[:, 2],
                length=length,
                width=length if thing.shape.type == "circle" else width,
                shape=thing.shape.type,
            )
        )
    return tuple(found)


def _held(pose: Floats) -> Floats:
    """Gaps filled with what was there before, or first."""
    there = np.flatnonzero(~np.isnan(pose[:, 0]))
    last = np.searchsorted(there, np.arange(len(pose)), side="right") - 1
    return pose[there[np.maximum(last, 0)]]
