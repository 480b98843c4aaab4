"""The planar world: a robot among people, one control step at a time.

A step is: the command is cut to what the robot can do; the crowd decides by the state it sees;
both move; the rules say what happened. Nobody sees the future, and nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .dice import Dice
from .log import EpisodeLog, Goal
from .recording import Recorder
from .robot import Robot
from .rule import Interval, Rules, SweptRules, Verdict
from .scene import Scene

Floats = NDArray[np.float64]


class World:
    """A scene being played.

    Args:
        crowd: how people walk.
        rules: what counts; ``SweptRules`` by default.

    Attributes:
        scene: of the running episode.
        robot: where it is.
        crowd: where the people are.
        time: since the start [s].
        steps: commands carried out.
        verdict: of the last step; None before the first.
        apart: from the robot to each person now, `[H, 2]` [m].
        gaps: between the robot's surface and theirs now, `[H]` [m].
    """

    scene: Scene
    robot: Robot
    apart: Floats
    gaps: Floats

    def __init__(self, crowd: CrowdModel, rules: Rules | None = None) -> None:
        self.crowd = crowd
        self.rules: Rules = SweptRules() if rules is None else rules
        self.time, self.steps = 0.0, 0
        self.verdict: Verdict | None = None

    def reset(self, scene: Scene, seed: int) -> None:
        """Begins an episode.

        Args:
            scene: where everybody starts; checked by whoever made it.
            seed: of all randomness in the episode.
        """
        self.scene, self.time, self.steps, self.verdict = scene, 0.0, 0, None
        self.robot = Robot(scene.body, scene.start, scene.yaw)
        self.crowd.reset(scene, Dice(seed))
        self._touching = np.zeros(len(self.crowd.walkers), bool)
        self.rules.begin(scene, self.crowd, self.robot)
        self._look()
        self._recorder = Recorder(scene, self.robot, self.crowd, seed)

    @property
    def goal(self) -> Goal:
        """Where the robot is to be; rules that give it a task may move the place."""
        return getattr(self.rules, "goal", self.scene.goal)

    @property
    def trail(self) -> list[Floats]:
        """Where the robot has been, from the start to now, each `[2]` [m]."""
        return self._recorder.trail

    def step(self, wanted: Sequence[float] | Floats) -> Verdict:
        """Carries a command out.

        Args:
            wanted: (vx, vy) [m/s] or (v, omega) [m/s, rad/s], `[2]`, as the body has it.
        """
        dt, robot, people = self.scene.dt, self.robot, self.crowd.walkers
        command = robot.limit(wanted, dt)
        pos, old_vel = people.pos, people.vel
        present, identity = people.present, people.identity
        new_pos, _ = self.crowd.step(robot.pos, robot.vel, dt)
        path = robot.path(command, dt)
        start = robot.pos
        # Whoever left in this step is taken to have gone nowhere in it.
        if not people.present.all():
            new_pos = np.where((people.present & present)[:, None], new_pos, pos)
        interval = Interval(
            scene=self.scene,
            begin=self.time,
            path=path,
            robot_vel=(path[-1] - start) / dt,
            robot_yaw=robot.heading(command, dt),
            pos=pos,
            old_vel=old_vel,
            new_pos=new_pos,
            radius=people.radius,
            present=present,
            identity=identity,
            goal=self.goal,
            touching=self._touching,
            gaps=self.gaps,
        )
        verdict = self.rules.judge(interval)
        robot.move(command, dt, path, verdict.stop)
        self.time, self.steps = self.scene.dt * (self.steps + 1), self.steps + 1
        self._touching, self.verdict = verdict.touching, verdict
        self._recorder.step(self.time, robot, (robot.pos - start) / dt, self.crowd, verdict)
        self.rules.after(self.crowd, robot)
        self._look()
        return verdict

    def _look(self) -> None:
        people = self.crowd.walkers
        self.apart = people.pos - self.robot.pos
        away = np.hypot(self.apart[:, 0], self.apart[:, 1])
        self.gaps = away - (people.radius + self.scene.body.radius)

    def log(self) -> EpisodeLog:
        """Everything up to now as a checked record."""
        return self._recorder.log()
