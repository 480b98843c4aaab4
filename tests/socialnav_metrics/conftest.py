"""A builder of small logs, whose figures can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from polyathlon.tasks.socialnav.log import (
    EpisodeLog,
    Event,
    Goal,
    RobotTrack,
    Thing,
    Tracks,
    nobody,
)
from polyathlon.tasks.socialnav.socnav3 import differences

GOAL_FIELDS = {"pos_tol", "yaw_tol", "goal_yaw", "kind", "human", "candidates"}
LOG_FIELDS = {"walls", "objects", "events", "meta"}


def tracks(ways: Sequence[Any], t: np.ndarray, radius: float, **fields: Any) -> Tracks:
    """People on ways `[T, 2]`; NaN where one is not there."""
    if not len(ways):
        return nobody(len(t))
    pos = np.stack([np.asarray(way, float) for way in ways], axis=1)
    valid = ~np.isnan(pos[..., 0])
    vel = np.full(pos.shape, np.nan)
    for column in range(pos.shape[1]):
        there = valid[:, column]
        vel[there, column] = differences(pos[there, column], t[there])
    defaults = {
        "id": np.arange(pos.shape[1]),
        "yaw": np.arctan2(vel[..., 1], vel[..., 0]),
        "vel": vel,
        "radius": np.full(pos.shape[1], radius),
        "valid": valid,
    }
    return Tracks(pos=pos, **{**defaults, **fields})


def build(
    way: Any,
    people: Sequence[Any] = (),
    *,
    t: Any = None,
    dt: float = 0.1,
    goal: Any = (100.0, 0.0),
    radius: float = 0.3,
    human_radius: float = 0.3,
    others: Sequence[Any] = (),
    of_people: dict[str, Any] | None = None,
    **fields: Any,
) -> EpisodeLog:
    """An episode of a robot on a way `[T, 2]`, its velocities those of its positions."""
    pos = np.asarray(way, float)
    times = np.arange(len(pos)) * dt if t is None else np.asarray(t, float)
    vel = differences(pos, times)
    of_goal = {key: fields.pop(key) for key in GOAL_FIELDS & set(fields)}
    if "goal_yaw" in of_goal:
        of_goal["yaw"] = of_goal.pop("goal_yaw")
    of_log = {key: fields.pop(key) for key in LOG_FIELDS & set(fields)}
    of_robot = {"yaw": np.zeros(len(pos)), "vel": vel, "omega": np.zeros(len(pos)), **fields}
    return EpisodeLog(
        t=times,
        robot=RobotTrack(
            pos=pos, radius=radius, goal=Goal(pos=np.asarray(goal, float), **of_goal), **of_robot
        ),
        humans=tracks(people, times, human_radius, **(of_people or {})),
        agents=tracks(others, times, human_radius),
        **of_log,
    )


def line(begin: Sequence[float], end: Sequence[float], steps: int) -> np.ndarray:
    """`[steps, 2]`, evenly from one place to another."""
    return np.linspace(begin, end, steps)


def still(place: Sequence[float], steps: int) -> np.ndarray:
    """`[steps, 2]`, always there."""
    return np.tile(np.asarray(place, float), (steps, 1))


def crowded(seed: int = 0, steps: int = 40, people: int = 4) -> EpisodeLog:
    """An episode in which there is something of everything."""
    dice = np.random.default_rng(seed)
    dt = 0.1
    t = 3.0 + np.arange(steps) * dt
    turn = np.cumsum(dice.normal(0, 0.15, steps))
    way = np.cumsum(np.stack([np.cos(turn), np.sin(turn)], axis=1) * 0.09, axis=0)
    ways = []
    for _ in range(people):
        begin, speed = dice.uniform(-2, 4, 2), dice.normal(0, 0.7, 2)
        ways.append(begin + speed * (t - t[0])[:, None] + dice.normal(0, 0.01, (steps, 2)))
    ways[-1][: steps // 3] = np.nan
    goals = np.stack([way[-1] for way in ways])
    reached = np.full(people, np.nan)
    reached[0] = t[-2]
    return build(
        way,
        ways,
        t=t,
        goal=way[-2] + 0.01,
        yaw=turn,
        omega=np.gradient(turn, dt),
        walls=np.array([[-3.0, -2.0, 9.0, -2.5], [-3.0, 5.0, 9.0, 5.0]]),
        objects=(
            Thing(id=7, pos=np.array([6.0, 3.0]), yaw=np.asarray(0.4), length=1.0, width=0.5),
            Thing(id=8, pos=np.array([-2.0, 3.0]), length=0.6, width=0.6, shape="circle"),
        ),
        events=(Event(t=float(t[5]), kind="collision_human", other_id=0, rel_speed=0.5),),
        meta={"seed": seed, "scenario": "test", "time_limit": 30.0, "reference_time": 3.0},
        v_max=1.0,
        mass=40.0,
        candidates=np.array([way[-2], [3.0, 2.0], [0.0, 4.0]]),
        of_people={
            "group_id": np.array([0, 0] + [-1] * (people - 2)),
            "goal": goals,
            "vpref": np.full(people, 1.2),
            "model": ("orca",) * people,
            "reached_t": reached,
        },
    )


@pytest.fixture(scope="session")
def episode() -> Callable[..., EpisodeLog]:
    return build


@pytest.fixture(scope="session")
def something_of_everything() -> Callable[..., EpisodeLog]:
    return crowded


@pytest.fixture(scope="session")
def straight() -> Callable[..., np.ndarray]:
    return line


@pytest.fixture(scope="session")
def standing() -> Callable[..., np.ndarray]:
    return still
