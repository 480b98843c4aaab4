"""The world's memory of an episode, and the checked log that is made of it."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .log import EpisodeLog, Event, RobotTrack, Thing, Tracks
from .robot import Robot
from .rule import Verdict
from .scene import Scene

Floats = NDArray[np.float64]

SLOW = 0.05
"""Speed below which a person's heading is not that of their motion, but the last one [m/s]."""

PACKAGES = ("numpy", "pyrvo", "shapely", "numba")
"""Whose versions a log states, where they are installed."""


class Recorder:
    """Keeps every step of an episode.

    Args:
        scene: of the episode.
        robot: on its start.
        crowd: on its places.
        seed: of the episode.
    """

    def __init__(self, scene: Scene, robot: Robot, crowd: CrowdModel, seed: int) -> None:
        self._scene, self._crowd, self._seed = scene, crowd, seed
        people = crowd.walkers
        self._t = [0.0]
        self._robot = [(robot.pos, robot.yaw, robot.vel, robot.omega, robot.command)]
        self._people = [(people.pos, people.vel, people.present, people.identity, people.goal)]
        self._events: list[Event] = []

    def step(
        self, time: float, robot: Robot, vel: Floats, crowd: CrowdModel, verdict: Verdict
    ) -> None:
        """Keeps a step: arrays are replaced by those who own them, so none is copied here.

        Args:
            time: at its end [s].
            robot: then.
            vel: the robot's, realised over the step, `[2]` [m/s].
            crowd: then.
            verdict: what the rules said.
        """
        people = crowd.walkers
        self._t.append(time)
        self._robot.append((robot.pos, robot.yaw, vel, robot.omega, robot.command))
        self._people.append((people.pos, people.vel, people.present, people.identity, people.goal))
        self._events += verdict.events

    @property
    def trail(self) -> list[Floats]:
        """Where the robot has been, each `[2]` [m]."""
        return [entry[0] for entry in self._robot]

    def log(self) -> EpisodeLog:
        """The record.

        A person who was replaced by another has a track that ends there; so a crowd of twenty
        may have left more than twenty tracks.
        """
        scene, body = self._scene, self._scene.body
        pos, yaw, vel, omega, command = (np.array(part) for part in zip(*self._robot, strict=True))
        route = scene.route()
        track = RobotTrack(
            pos=pos,
            yaw=yaw,
            vel=vel,
            omega=omega,
            cmd=command,
            radius=body.radius,
            goal=scene.goal,
            kinematics=body.kinematics,
            v_max=body.v_max,
            route=route.points,
            shortest_path=route.length,
        )
        return EpisodeLog(
            t=np.array(self._t),
            robot=track,
            humans=self._tracks(),
            objects=_things(scene),
            walls=scene.floor.segments,
            events=tuple(self._events),
            meta=self._meta(),
        )

    def _tracks(self) -> Tracks:
        pos, vel, present, identity, goal = (
            np.array(part) for part in zip(*self._people, strict=True)
        )
        people = self._crowd.walkers
        ids = np.unique(identity)
        steps, count = len(pos), len(ids)
        # The place of the crowd on which each one was: a number stays on the place it is given.
        places = np.array([np.flatnonzero((identity == one).any(axis=0))[0] for one in ids], int)
        valid = identity[:, places] == ids if count else np.zeros((steps, 0), bool)
        valid = valid & present[:, places]
        kept = valid.any(axis=0)
        ids, places, valid = ids[kept], places[kept], valid[:, kept]
        pos, vel, goal = pos[:, places], vel[:, places], goal[:, places]
        starts = np.array([_first_heading(self._scene, place) for place in places.tolist()])
        return Tracks(
            id=ids,
            pos=pos,
            yaw=_headings(vel, valid, starts),
            vel=vel,
            radius=people.radius[places],
            valid=valid,
            goal=goal,
            vpref=people.speed[places],
            group_id=people.group[places],
            model=(self._crowd.name,) * len(ids),
            aware_of_robot=(people.aware | people.halts)[places],
            reached_t=self._reached(ids, pos, goal, valid, people.radius[places]),
        )

    def _reached(
        self,
        ids: NDArray[np.int64],
        pos: Floats,
        goal: Floats,
        valid: NDArray[np.bool_],
        radius: Floats,
    ) -> Floats:
        """When each one came to their goal, `[H]` [s]; NaN for never."""
        apart = pos - goal
        there = (np.hypot(apart[..., 0], apart[..., 1]) < radius) & valid
        first = np.where(there.any(axis=0), np.array(self._t)[there.argmax(axis=0)], np.nan)
        left = [self._crowd.walkers.left.get(int(one), np.nan) for one in ids]
        return np.fmin(first, np.array(left, np.float64).reshape(-1))

    def _meta(self) -> dict[str, Any]:
        versions = {}
        for name in PACKAGES:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return {
            **self._scene.meta,
            "seed": self._seed,
            "dt": self._scene.dt,
            "time_limit": self._scene.time_limit,
            "crowd": self._crowd.name,
            "kernel": getattr(self._crowd, "kernel", "native"),
            "track": str(self._crowd.visibility),
            "versions": versions,
        }


def _first_heading(scene: Scene, place: int) -> float:
    if place >= len(scene.people):
        return 0.0
    person = scene.people[place]
    way = person.goal - person.start
    return float(np.arctan2(way[1], way[0])) if person.yaw is None else person.yaw


def _headings(vel: Floats, valid: NDArray[np.bool_], starts: Floats) -> Floats:
    """Where people look: the way they walk, and where they stand the way they walked, `[T, H]`."""
    steps, count = vel.shape[:2]
    walking = (np.hypot(vel[..., 0], vel[..., 1]) >= SLOW) & valid
    turned = np.arctan2(vel[..., 1], vel[..., 0])
    last = np.maximum.accumulate(np.where(walking, np.arange(steps)[:, None], -1), axis=0)
    held = turned[np.maximum(last, 0), np.arange(count)]
    return np.where(last >= 0, held, starts.reshape(1, count))


def _things(scene: Scene) -> tuple[Thing, ...]:
    """Round things as objects; what has corners is in the walls."""
    return tuple(
        Thing(id=number, pos=disc[:2], length=2 * disc[2], width=2 * disc[2], shape="circle")
        for number, disc in enumerate(scene.floor.discs)
    )
