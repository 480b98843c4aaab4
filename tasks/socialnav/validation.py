"""What must be true of a log, field by field; every error names the field and the step.

A field that passes comes back as a read-only copy of one dtype, and in its full shape: what
stands still is repeated for every step, what was left out is filled with its default.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadLog

if TYPE_CHECKING:
    from .log import Event, Goal, RobotTrack, Thing, Tracks

FARTHEST = 1e6
"""The largest number a log may hold, but for times [m, m/s, ...]: squares of more overflow."""

BROADEST = 10.0
"""The largest radius of a robot or person [m]: the force of more overflows."""

STATED = ("time_limit", "reference_time")
"""Of ``meta``: positive numbers that metrics read."""

Scalar = TypeVar("Scalar", bound=np.generic)


def times(t: Any) -> NDArray[np.float64]:
    """The time of each step `[T]`, T at least 1.

    Raises:
        BadLog: no step, not finite, or not increasing.
    """
    found = _numbers("t", t, (None,), most=math.inf)
    if not found.size:
        raise BadLog("t: no step; a log has at least the state before the first action")
    back = np.flatnonzero(np.diff(found) <= 0)
    if back.size:
        k = int(back[0])
        raise BadLog(
            f"t: time does not increase at step {k + 1}: {found[k + 1]:g} s after {found[k]:g} s"
        )
    return found


def robot(track: RobotTrack, steps: int) -> RobotTrack:
    """The robot's track with all fields checked.

    Raises:
        BadLog: a field is not what ``RobotTrack`` says.
    """
    from .log import UNSET, Kinematics

    radius = _positive("robot.radius", track.radius)
    if radius > BROADEST:
        raise BadLog(f"robot.radius: {radius:g} m is more than {BROADEST:g} m")
    footprint = track.footprint
    if footprint is not None:
        length, width = (_positive("robot.footprint", one) for one in footprint)
        if math.hypot(length, width) > 2 * radius * (1 + 1e-6):
            raise BadLog(
                f"robot.radius: a disc of {radius:g} m does not cover the footprint of "
                f"{length:g} m by {width:g} m; half its diagonal does"
            )
        footprint = (length, width)
    cmd = np.zeros((steps, 0)) if track.cmd is UNSET else track.cmd
    route = track.route
    if route is not None:
        route = _numbers("robot.route", route, (None, 2))
    return dataclasses.replace(
        track,
        pos=_numbers("robot.pos", track.pos, (steps, 2)),
        yaw=_numbers("robot.yaw", track.yaw, (steps,)),
        vel=_numbers("robot.vel", track.vel, (steps, 2)),
        omega=_numbers("robot.omega", track.omega, (steps,)),
        cmd=_numbers("robot.cmd", cmd, (steps, None)),
        radius=radius,
        goal=_goal(track.goal, steps),
        kinematics=_choice("robot.kinematics", track.kinematics, get_args(Kinematics)),
        footprint=footprint,
        v_max=None if track.v_max is None else _positive("robot.v_max", track.v_max),
        mass=None if track.mass is None else _positive("robot.mass", track.mass),
        route=route,
        shortest_path=None
        if track.shortest_path is None
        else _number("robot.shortest_path", track.shortest_path, least=0.0),
    )


def _goal(goal: Goal, steps: int) -> Goal:
    from .log import UNSET, GoalKind

    candidates = np.zeros((0, 2)) if goal.candidates is UNSET else goal.candidates
    if (goal.yaw is None) != (goal.yaw_tol is None):
        raise BadLog("robot.goal.yaw_tol: give both a heading and its tolerance, or neither")
    return dataclasses.replace(
        goal,
        pos=_spread("robot.goal.pos", goal.pos, steps, (2,)),
        pos_tol=_positive("robot.goal.pos_tol", goal.pos_tol),
        yaw=None if goal.yaw is None else _spread("robot.goal.yaw", goal.yaw, steps, ()),
        yaw_tol=None if goal.yaw_tol is None else _positive("robot.goal.yaw_tol", goal.yaw_tol),
        kind=_choice("robot.goal.kind", goal.kind, get_args(GoalKind)),
        human=None if goal.human is None else _integer("robot.goal.human", goal.human),
        candidates=_numbers("robot.goal.candidates", candidates, (None, 2)),
    )


def tracks(name: str, found: Tracks, t: NDArray[np.float64]) -> Tracks:
    """The tracks of people or robots with all fields checked; what is not valid becomes NaN.

    Args:
        name: ``humans`` or ``agents``, for the errors.
        found: as they were given.
        t: `[T]` [s].

    Raises:
        BadLog: a field is not what ``Tracks`` says.
    """
    from .log import UNSET, nobody

    steps, count = len(t), len(found.id)
    if not count:
        found = nobody(steps)
    ids = _whole(f"{name}.id", found.id, (count,))

    def filled(field: str, default: Any) -> Any:
        given = getattr(found, field)
        return default if given is UNSET else given

    valid = filled("valid", np.ones((steps, count), bool))
    valid = _flags(f"{name}.valid", valid, (steps, count))
    _distinct(f"{name}.id", ids)
    _unbroken(f"{name}.valid", valid, ids)
    radius = _numbers(f"{name}.radius", found.radius, (count,))
    _check_radii(name, radius)

    def where_valid(field: str, *rest: int) -> NDArray[np.float64]:
        given = getattr(found, field)
        return _where_valid(f"{name}.{field}", given, valid, (steps, count, *rest))

    reached = filled("reached_t", np.full(count, np.nan))
    reached = _numbers(f"{name}.reached_t", reached, (count,), missing=True, most=math.inf)
    _check_arrivals(name, reached, t)
    goal = np.asarray(filled("goal", np.full((count, 2), np.nan)))
    model = found.model or ("",) * count
    if len(model) != count or not all(isinstance(one, str) for one in model):
        raise BadLog(f"{name}.model: a word for each of {count} is needed")
    lost = (count,)
    return dataclasses.replace(
        found,
        id=ids,
        valid=valid,
        radius=radius,
        pos=where_valid("pos", 2),
        yaw=where_valid("yaw"),
        vel=where_valid("vel", 2),
        goal=_spread(f"{name}.goal", goal, steps, (count, 2), missing=True),
        vpref=_numbers(f"{name}.vpref", filled("vpref", np.full(lost, np.nan)), lost, missing=True),
        group_id=_whole(f"{name}.group_id", filled("group_id", np.full(lost, -1)), lost),
        model=tuple(model),
        aware_of_robot=_flags(
            f"{name}.aware_of_robot", filled("aware_of_robot", np.ones(lost, bool)), lost
        ),
        reached_t=reached,
    )


def _check_radii(name: str, radius: NDArray[np.float64]) -> None:
    if (radius <= 0).any():
        raise BadLog(f"{name}.radius: {radius.min():g} m is not positive")
    if (radius > BROADEST).any():
        raise BadLog(f"{name}.radius: {radius.max():g} m is more than {BROADEST:g} m")


def _check_arrivals(name: str, reached: NDArray[np.float64], t: NDArray[np.float64]) -> None:
    outside = np.flatnonzero((reached < t[0] - 1e-6) | (reached > t[-1] + 1e-6))
    if outside.size:
        raise BadLog(
            f"{name}.reached_t[{outside[0]}]: {reached[outside[0]]:g} s is outside the log's "
            f"{t[0]:g} to {t[-1]:g} s"
        )


def things(objects: tuple[Thing, ...], steps: int) -> tuple[Thing, ...]:
    """The objects with all fields checked, and a position and heading for every step.

    Raises:
        BadLog: a field is not what ``Thing`` says, or an id is there twice.
    """
    from .log import UNSET, Shape

    checked = []
    for index, thing in enumerate(objects):
        name = f"objects[{index}]"
        yaw = np.zeros(()) if thing.yaw is UNSET else thing.yaw
        length = _positive(f"{name}.length", thing.length)
        width = _positive(f"{name}.width", thing.width)
        shape = _choice(f"{name}.shape", thing.shape, get_args(Shape))
        if shape == "circle" and length != width:
            raise BadLog(f"{name}.width: a circle of {length:g} m is {width:g} m across")
        checked.append(
            dataclasses.replace(
                thing,
                id=_integer(f"{name}.id", thing.id),
                pos=_spread(f"{name}.pos", thing.pos, steps, (2,)),
                yaw=_spread(f"{name}.yaw", yaw, steps, ()),
                length=length,
                width=width,
                shape=shape,
            )
        )
    _distinct("objects.id", np.array([one.id for one in checked], np.int64))
    return tuple(checked)


def walls(segments: Any) -> NDArray[np.float64]:
    """The walls `[W, 4]` [m].

    Raises:
        BadLog: not four finite numbers each.
    """
    from .log import UNSET

    return _numbers("walls", np.zeros((0, 4)) if segments is UNSET else segments, (None, 4))


def events(
    found: tuple[Event, ...], t: NDArray[np.float64], met: Mapping[str, list[int]]
) -> tuple[Event, ...]:
    """The events, as they were.

    Args:
        found: as they were given.
        t: `[T]` [s].
        met: ids of those whom each kind of collision can be with.

    Raises:
        BadLog: an unknown kind, outside the log's time, out of order, or a collision with
            someone who is not in the log: it would not be counted.
    """
    from .log import EventKind, Fault

    last = -math.inf
    for index, event in enumerate(found):
        name = f"events[{index}]"
        _choice(f"{name}.kind", event.kind, get_args(EventKind))
        when = _number(f"{name}.t", event.t)
        if not t[0] <= when <= t[-1]:
            raise BadLog(f"{name}.t: {when:g} s is outside the log's {t[0]:g} to {t[-1]:g} s")
        if when < last:
            raise BadLog(f"{name}.t: {when:g} s comes after {last:g} s; sort events by time")
        last = when
        for field in ("rel_speed", "robot_speed"):
            if getattr(event, field) is not None:
                _number(f"{name}.{field}", getattr(event, field))
        if event.other_id is not None:
            _integer(f"{name}.other_id", event.other_id)
        ids = met.get(event.kind)
        if ids is not None and (
            event.other_id not in ids if event.other_id is not None else not ids
        ):
            whom = event.kind.removeprefix("collision_")
            raise BadLog(
                f"{name}.other_id: {event.other_id}, but the log has no such {whom}; a collision "
                "needs one of the log's, or None if it is unknown which"
            )
        if event.at_fault is not None:
            _choice(f"{name}.at_fault", event.at_fault, get_args(Fault))
    return tuple(found)


def meta(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is said about the episode, as JSON has it: a copy.

    Raises:
        BadLog: JSON cannot say it.
    """
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(found), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadLog(f"meta: JSON cannot say this: {error}") from error
    for name in STATED:
        value = copy.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise BadLog(f"meta.{name}: {value!r} is not a positive number")
    return copy


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array


def _shaped(name: str, given: Any, shape: tuple[int | None, ...], dtype: Any) -> NDArray[Any]:
    """A copy of that shape, None being any length, and dtype."""
    try:
        # In one order, so that sums over a log and over its file agree to the last bit.
        array = np.array(given, order="C")
    except (TypeError, ValueError) as error:
        raise BadLog(f"{name}: not an array: {error}") from error
    fits = array.ndim == len(shape) and all(
        wanted in (None, had) for wanted, had in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if one is None else str(one) for one in shape)
        raise BadLog(f"{name}: shape {list(array.shape)} where [{wanted}] is needed")
    kinds = {np.bool_: "b", np.int64: "iu", np.float64: "iuf"}[dtype]
    if array.size and array.dtype.kind not in kinds:
        raise BadLog(f"{name}: {array.dtype} where {np.dtype(dtype)} is needed")
    return array.astype(dtype)


def _numbers(
    name: str,
    given: Any,
    shape: tuple[int | None, ...],
    missing: bool = False,
    most: float = FARTHEST,
) -> NDArray[np.float64]:
    """Finite numbers of at most ``most``, or NaN where ``missing`` allows it."""
    array: NDArray[np.float64] = _shaped(name, given, shape, np.float64)
    bad = np.isinf(array) if missing else ~np.isfinite(array)
    if bad.any():
        where = np.unravel_index(int(np.argmax(bad)), array.shape)
        raise BadLog(f"{name}{_index(where)}: {array[where]} is not a finite number")
    _near(name, array, most)
    return _frozen(array)


def _near(name: str, array: NDArray[np.float64], most: float) -> None:
    far = np.abs(array) > most
    if far.any():
        where = np.unravel_index(int(np.argmax(far)), array.shape)
        raise BadLog(f"{name}{_index(where)}: {array[where]:g} is beyond {most:g}")


def _whole(name: str, given: Any, shape: tuple[int | None, ...]) -> NDArray[np.int64]:
    return _frozen(_shaped(name, given, shape, np.int64))


def _flags(name: str, given: Any, shape: tuple[int | None, ...]) -> NDArray[np.bool_]:
    return _frozen(_shaped(name, given, shape, np.bool_))


def _index(where: tuple[Any, ...]) -> str:
    return "[" + ", ".join(str(int(one)) for one in where) + "]" if where else ""


def _spread(
    name: str, given: Any, steps: int, shape: tuple[int, ...], missing: bool = False
) -> NDArray[np.float64]:
    """Numbers for every step; what has no axis of steps is the same at all."""
    array = np.asarray(given)
    if array.ndim == len(shape):
        once = _numbers(name, array, shape, missing)
        return _frozen(np.broadcast_to(once, (steps, *shape)).copy())
    return _numbers(name, array, (steps, *shape), missing)


def _where_valid(
    name: str, given: Any, valid: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    array: NDArray[np.float64] = _shaped(name, given, shape, np.float64)
    mask = valid if array.ndim == valid.ndim else valid[..., np.newaxis]
    bad = mask & ~np.isfinite(array)
    if bad.any():
        where = np.unravel_index(int(np.argmax(bad)), array.shape)
        raise BadLog(f"{name}{_index(where)}: {array[where]} is not a finite number")
    array[~np.broadcast_to(mask, array.shape)] = np.nan
    _near(name, array, FARTHEST)
    return _frozen(array)


def _distinct(name: str, ids: NDArray[np.int64]) -> None:
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise BadLog(f"{name}: {values[counts > 1][0]} is there twice")


def _unbroken(name: str, valid: NDArray[np.bool_], ids: NDArray[np.int64]) -> None:
    """Everyone is there for one stretch: a second arrival is an error."""
    before = np.vstack([np.zeros_like(valid[:1]), valid[:-1]])
    arrivals = (valid & ~before).sum(axis=0)
    for index in np.flatnonzero(arrivals != 1):
        who = int(ids[index])
        if not arrivals[index]:
            raise BadLog(f"{name}: id {who} is never there; leave it out")
        gone = int(np.flatnonzero(valid[:, index] & ~before[:, index])[1])
        raise BadLog(
            f"{name}: id {who} flickers: it was gone and is there again at step {gone}; give one "
            "who comes back another id"
        )


def _number(name: str, given: Any, least: float = -math.inf) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)):
        raise BadLog(f"{name}: {given!r} is not a number")
    value = float(given)
    if not math.isfinite(value) or value < least:
        raise BadLog(f"{name}: {value:g} is not a finite number of at least {least:g}")
    return value


def _positive(name: str, given: Any) -> float:
    value = _number(name, given)
    if value <= 0:
        raise BadLog(f"{name}: {value:g} is not positive")
    if value > FARTHEST:
        raise BadLog(f"{name}: {value:g} is beyond {FARTHEST:g}")
    return value


def _integer(name: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)):
        raise BadLog(f"{name}: {given!r} is not a whole number")
    return int(given)


def _choice(name: str, given: Any, known: tuple[Any, ...]) -> Any:
    if given not in known:
        raise BadLog(f"{name}: {given!r} is none of {', '.join(known)}")
    return given
