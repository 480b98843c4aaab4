"""What it costs to score an episode of social navigation, against playing it."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy as np

from polyathlon.tasks.socialnav.environment import SocialNavigation
from polyathlon.tasks.socialnav.log import EpisodeLog, Goal, RobotTrack, Tracks
from polyathlon.tasks.socialnav.metric import score
from polyathlon.tasks.socialnav.metric.series import series

STEPS, PEOPLE = 300, 20
SCORED = 10
"""Logs a measurement."""


def _log(walls: int, seed: int = 0) -> EpisodeLog:
    """Twenty people on straight ways across a robot on a winding one."""
    dice = np.random.default_rng(seed)
    t = np.arange(STEPS) * 0.1
    speed = dice.normal(0, 0.4, (PEOPLE, 2))
    pos = dice.uniform(-6, 6, (PEOPLE, 2)) + t[:, None, None] * speed
    way = np.stack([t * 0.5 - 7, np.sin(t) * 0.5], axis=1)
    vel = np.gradient(way, t, axis=0)
    begin = dice.uniform(-9, 9, (walls, 2))
    return EpisodeLog(
        t=t,
        walls=np.concatenate([begin, begin + dice.normal(0, 1, (walls, 2))], axis=1),
        robot=RobotTrack(
            pos=way,
            yaw=np.arctan2(vel[:, 1], vel[:, 0]),
            vel=vel,
            omega=np.zeros(STEPS),
            radius=0.3,
            mass=50.0,
            v_max=1.0,
            route=way[[0, -1]],
            shortest_path=14.0,
            goal=Goal(pos=np.array([20.0, 0.0])),
        ),
        humans=Tracks(
            id=np.arange(PEOPLE),
            pos=pos,
            yaw=np.zeros((STEPS, PEOPLE)),
            vel=np.broadcast_to(speed, pos.shape),
            radius=np.full(PEOPLE, 0.3),
        ),
    )


def _rate(call: Callable[[], Any], count: int = SCORED) -> float:
    """Calls a second, by processor time: another process on the core must not count."""
    begun = time.process_time()
    for _ in range(count):
        call()
    return count / max(time.process_time() - begun, 1e-9)


def _play(env: SocialNavigation, numbers: Any) -> None:
    env.reset(seed=0, options={"episode": next(numbers)})
    over = False
    while not over:
        _, _, terminated, truncated, _ = env.step(np.zeros(2, np.float32))
        over = terminated or truncated


def scoring(pairs: int) -> list[measure.Ratio]:
    """Episodes a second: scored, against played or reduced."""
    env = SocialNavigation("crowdnavpp")
    play = functools.partial(_play, env, itertools.count())
    play()
    played = env.log()
    bare, walled = _log(0), _log(40)
    return [
        measure.ratio(
            "crowd of 20: score an episode / play it",
            lambda: _rate(lambda: score(played)),
            lambda: _rate(play, 3),
            pairs,
        ),
        measure.ratio(
            f"{STEPS} steps, {PEOPLE} people: all metrics / the step series alone",
            lambda: _rate(lambda: score(bare)),
            lambda: _rate(lambda: series(bare)),
            pairs,
        ),
        measure.ratio(
            "the same: with 40 walls / without",
            lambda: _rate(lambda: score(walled)),
            lambda: _rate(lambda: score(bare)),
            pairs,
        ),
    ]
