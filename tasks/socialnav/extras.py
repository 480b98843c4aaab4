"""What a SocNav3 file has no field for, as JSON text in its free field ``metadata``.

Text of others is kept as it is, under ``metadata`` in the log's meta.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from ...core.errors import BadLog
from .log import EpisodeLog, Event, Tracks

MARK = "polyathlon_log"
"""The key by which text of ours is known; its value is ``FORMAT``."""

FORMAT = 1

GRID = "grid"
"""Of the log's meta: it has a field of its own in the file."""

PEOPLE = ("radius", "goal", "vpref", "group_id", "aware_of_robot", "reached_t", "vel")
"""Fields of people that are not in the file."""

LATER = ("vel",)
"""Fields of people that older texts do not tell."""

ROBOT = ("radius", "v_max", "mass", "kinematics", "shortest_path")
"""Fields of the robot that are not in the file."""


def packed(log: EpisodeLog) -> str:
    """The text for ``metadata``."""
    people, robot = log.humans, log.robot
    told: dict[str, Any] = {
        MARK: FORMAT,
        "meta": {key: value for key, value in log.meta.items() if key != GRID},
        "events": [dataclasses.asdict(event) for event in log.events],
        "robot": {name: getattr(robot, name) for name in ROBOT},
        "cmd": robot.cmd.tolist(),
        "route": None if robot.route is None else robot.route.tolist(),
        "candidates": robot.goal.candidates.tolist(),
        "people": {"id": people.id.tolist(), "model": list(people.model)},
    }
    for name in PEOPLE:
        values = getattr(people, name)
        if name == "goal":
            # Goals of people who stay with one are told once.
            still = len(values) and np.array_equal(
                values, np.broadcast_to(values[:1], values.shape), equal_nan=True
            )
            values = values[0] if still else values
        told["people"][name] = _without_nan(values.tolist())
    return json.dumps(told, sort_keys=True, allow_nan=False)


def unpacked(text: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What ``packed`` told, or None; and the log's meta.

    Raises:
        BadLog: it was written by a newer version.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or MARK not in told:
        return None, {"metadata": text} if text else {}
    if told[MARK] != FORMAT:
        raise BadLog(f"metadata.{MARK}: {told[MARK]!r}; this version reads {FORMAT}")
    meta = told.get("meta")
    if not isinstance(meta, dict):
        raise BadLog("metadata.meta: missing or no object")
    return told, meta


def restored(log: EpisodeLog, told: dict[str, Any] | None) -> EpisodeLog:
    """The log with what ``packed`` told of it.

    Raises:
        BadLog: it does not fit.
    """
    if told is None:
        return log
    try:
        for name in ("people", "robot"):
            if not isinstance(told[name], dict):
                raise BadLog(f"{name}: no object")
        radius = told["robot"]["radius"]
        if log.robot.footprint is None and radius != log.robot.radius:
            raise BadLog(
                f"robot.radius: {radius!r} m, but the shape of the sequence is "
                f"{log.robot.radius:g} m; state one"
            )
        people = told["people"]
        found = _in_order(log.humans, people["id"])
        humans = dataclasses.replace(
            found,
            model=tuple(people["model"]),
            **{
                name: _array(people[name], getattr(found, name))
                for name in PEOPLE
                if name in people or name not in LATER
            },
        )
        route = told["route"]
        robot = dataclasses.replace(
            log.robot,
            **{name: told["robot"][name] for name in ROBOT},
            route=None if route is None else np.array(route, np.float64),
            cmd=np.array(told["cmd"], np.float64) if "cmd" in told else log.robot.cmd,
            goal=dataclasses.replace(
                log.robot.goal,
                candidates=np.array(told["candidates"], np.float64).reshape(-1, 2),
            ),
        )
        events = tuple(Event(**event) for event in told["events"])
        return dataclasses.replace(log, humans=humans, robot=robot, events=events)
    except KeyError as error:
        raise BadLog(f"metadata.{error.args[0]}: missing") from error
    except BadLog as error:
        raise BadLog(f"metadata: {error}") from error
    except (TypeError, ValueError) as error:
        raise BadLog(f"metadata: {error}") from error


def _in_order(people: Tracks, ids: list[int]) -> Tracks:
    """The same people in the order of ``ids``: sums hang on it in the last bits."""
    known = people.id.tolist()
    if sorted(ids) != known:
        raise BadLog("people.id: not those of the sequence")
    order = [known.index(who) for who in ids]
    over_time = ("pos", "yaw", "vel", "valid", "goal")
    return dataclasses.replace(
        people,
        id=people.id[order],
        radius=people.radius[order],
        **{name: getattr(people, name)[:, order] for name in over_time},
    )


def _array(values: Any, like: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that ``_without_nan`` made a list of."""
    array = np.array(values, np.float64) if like.dtype == np.float64 else np.array(values)
    if not len(like):
        return like
    return array.reshape(like.shape) if array.size == like.size else array


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
