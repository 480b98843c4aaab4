"""The same episode without the robot: what people would have done had it never come."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .assignment import AssignedRules
from .dice import Dice
from .log import EpisodeLog
from .recording import Recorder
from .robot import Robot
from .rule import Verdict
from .scenario import Setup

AWAY = 1e5
"""Where the robot is put, along either axis [m]: farther than anybody minds anything."""


def comparable(setup: Setup) -> bool:
    """Whether people have somewhere to go without the robot: not if they are to do it together."""
    return not isinstance(setup.rules, AssignedRules)


def without_robot(setup: Setup, seed: int, steps: int) -> EpisodeLog:
    """Plays a crowd by itself, from the same dice as with the robot.

    The people keep their models and their rules, e.g. that whoever arrives is sent elsewhere; only
    the robot is out of the world. Nothing ends the episode but its length.

    Args:
        setup: of the episode, freshly made.
        seed: of the world in which the robot was.
        steps: how many it lasted.
    """
    scene, crowd, rules = setup.scene, setup.crowd, setup.rules
    crowd.reset(scene, Dice(seed))
    rules.begin(scene, crowd, Robot(scene.body, scene.start, scene.yaw))
    absent = Robot(scene.body, np.array([AWAY, AWAY]), scene.yaw)
    recorder = Recorder(scene, absent, crowd, seed)
    first = crowd.walkers.identity
    for number in range(steps):
        crowd.step(absent.pos, absent.vel, scene.dt)
        nobody = Verdict(np.zeros(len(crowd.walkers), bool))
        recorder.step(scene.dt * (number + 1), absent, absent.vel, crowd, nobody)
        rules.after(crowd, absent)
    return _at_first(recorder.log(), first)


def _at_first(log: EpisodeLog, first: NDArray[np.int64]) -> EpisodeLog:
    """The log of those alone who were meant to come.

    Whoever comes in for another is somebody else in each of two worlds.
    """
    people = log.humans
    kept = np.isin(people.id, first)
    if kept.all():
        return log
    over_time = {"pos", "yaw", "vel", "valid", "goal"}
    fields = {
        name: value[:, kept] if name in over_time else value[kept]
        for name, value in vars(people).items()
        if isinstance(value, np.ndarray)
    }
    model = tuple(one for one, keep in zip(people.model, kept, strict=True) if keep)
    return dataclasses.replace(log, humans=dataclasses.replace(people, model=model, **fields))
