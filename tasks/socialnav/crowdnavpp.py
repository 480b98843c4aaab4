"""CrowdNav++'s arena of twenty people, as its released code plays it.

Liu et al., "Intention aware robot crowd navigation with attention-based interaction graph" (2023),
repository Shuijing725/CrowdNav_Prediction_AttnGraph: ``crowd_sim.py``, ``crowd_sim_var_num.py``,
``social_force.py`` and the configuration in ``trained_models/SF_no_rand``. Habits of upstream that
its numbers depend on, and that are kept:

- a collision and the goal are tested where everybody stands before the step, so an episode ends
  one step late, and bodies may pass through each other between steps;
- time is up one second before the limit of 50 s, and that outranks everything else;
- whoever reaches their goal is replaced by somebody new on the circle;
- the robot sees within 5 m between surfaces, one step behind the replacement; whom it has lost it
  takes to go on straight, and whom it never saw to stand at (15, 15);
- the evaluation resets twice an episode, so its 500 episodes are 250 cases, each played twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .crowd.orca import Orca, OrcaSettings
from .log import Event, Goal
from .robot import BODIES, Robot
from .rule import Interval, Verdict
from .scene import Person, Scene

Floats = NDArray[np.float64]

DT, LIMIT = 0.25, 50.0
"""``time_step`` and ``time_limit`` of config.py [s]."""

CASES = 250
"""Distinct cases among the 500 episodes of upstream's evaluation: see ``seed_of``."""

PEOPLE, RADIUS, SPEED = 20, 0.3, 1.0
"""``human_num``, ``radius`` [m] and ``v_pref`` [m/s] of config.py."""

ARENA, CIRCLE = 6.0, 6.0 * np.sqrt(2)
"""``arena_size`` and ``circle_radius`` of config.py [m]."""

NOISE = 2.0
"""Greatest displacement of a start on the circle, along either axis [m]; crowd_sim_var_num.py."""

DISCOMFORT = 0.25
"""``discomfort_dist`` of config.py [m]."""

SAFETY = 0.15
"""``safety_space`` of config.py [m]; people keep it too."""

SENSOR = 5.0
"""``sensor_range`` of config.py, between surfaces [m]."""

UNSEEN = (15.0, 15.0)
"""Where the robot takes those to be whom it never saw [m]; crowd_sim.py."""

WORDS = "Go through the crowd to the goal without touching anybody."


def seed_of(case: int) -> int:
    """The seed of upstream's generator for a case.

    1000 for the test phase, 425 for ``--seed``, and the count of resets, which is twice the number
    of the episode: ``DummyVecEnv`` resets when an episode is over, and ``evaluate`` again.
    """
    return 1000 + 425 + 2 * case


def arena(case: int) -> tuple[Scene, np.random.RandomState]:
    """A test case, and the generator from which those are drawn who come in later.

    Args:
        case: its number, from 0; ``CASES`` and above repeat upstream's from the first.
    """
    dice = np.random.RandomState(seed_of(case % CASES))
    while True:
        x, y, gx, gy = dice.uniform(-ARENA, ARENA, 4)
        if np.linalg.norm([x - gx, y - gy]) >= 8:
            break
    dice.randint(low=PEOPLE, high=PEOPLE + 1)
    start, goal = np.array([x, y]), np.array([gx, gy])
    places, goals = [start], [goal]
    for _ in range(PEOPLE):
        place = _on_circle(dice, places, goals)
        places.append(place)
        goals.append(-place)
    people = tuple(
        Person(start=place, goal=-place, radius=RADIUS, speed=SPEED) for place in places[1:]
    )
    scene = Scene(
        body=BODIES["crowdnav"],
        start=start,
        goal=Goal(pos=goal, pos_tol=RADIUS),
        people=people,
        yaw=np.pi / 2,
        dt=DT,
        time_limit=LIMIT,
        instruction=WORDS,
        meta={"protocol": "crowdnav++", "case": case % CASES},
    )
    return scene, dice


def crowd(track: str) -> Orca:
    """The people of these cases: ORCA without dither, with 0.15 m to spare."""
    return Orca(track, OrcaSettings(margin=0.01 + SAFETY, sync=1), dither=0.0)


def _on_circle(dice: np.random.RandomState, places: list[Floats], goals: list[Floats]) -> Floats:
    """A start that is clear of all; ``generate_circle_crossing_human`` of crowd_sim_var_num.py."""
    least = 2 * RADIUS + DISCOMFORT
    taken = np.array([*places, *goals])
    while True:
        angle = dice.random_sample() * np.pi * 2
        noise_x = dice.uniform(0, 1) * NOISE
        noise_y = dice.uniform(0, 1) * NOISE
        place = np.array([CIRCLE * np.cos(angle) + noise_x, CIRCLE * np.sin(angle) + noise_y])
        if not (np.hypot(*(taken - place).T) < least).any():
            return place


class Sight:
    """What upstream's robot believes of the people, `[H, 2]` each; ``update_last_human_states``.

    Args:
        crowd: at the start of an episode.
        robot: at the same time.
    """

    def __init__(self, crowd: CrowdModel, robot: Robot) -> None:
        count = len(crowd.walkers)
        self.pos = np.tile(np.array(UNSEEN), (count, 1))
        self.vel = np.zeros((count, 2))
        self.look(crowd, robot)

    def look(self, crowd: CrowdModel, robot: Robot) -> None:
        """Takes in who is near; the others stay where they are believed to be."""
        people = crowd.walkers
        away = np.hypot(*(people.pos - robot.pos).T) - people.radius - robot.body.radius
        seen = (away <= SENSOR)[:, None]
        self.pos = np.where(seen, people.pos, self.pos)
        self.vel = np.where(seen, people.vel, self.vel)

    def remember(self) -> None:
        """Time passes: all are believed to go on as they did."""
        self.pos = self.pos + self.vel * DT


class CrowdNavPlusRules:
    """What ``CrowdSimVarNum.step`` says of a step; the reward is that of its training phase.

    10 for the goal, -20 for a collision, 2.5 times the missing distance for coming nearer than
    0.25 m to somebody, and else twice the way gained.

    Args:
        dice: of those who come in later, from ``arena``.

    Attributes:
        sight: what upstream's robot believes of the people.
    """

    sight: Sight

    def __init__(self, dice: np.random.RandomState) -> None:
        self._dice = dice

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """A new episode."""
        self._goal = scene.goal.pos
        self._potential = -float(np.linalg.norm(robot.pos - scene.goal.pos))
        self.sight = Sight(crowd, robot)

    def judge(self, step: Interval) -> Verdict:
        """What a step was: by where everybody stands at its start."""
        here = step.path[0]
        apart = np.hypot(*(step.pos - here).T) - step.radius - step.scene.body.radius
        met = np.flatnonzero(apart < 0)
        gap = float(apart.min(initial=np.inf))
        left = float(np.hypot(*(here - step.goal.pos)))
        verdict = Verdict(apart < 0, gap=gap)
        if step.begin >= LIMIT - 1:
            verdict.late, verdict.over = True, True
            verdict.events.append(Event(t=step.begin, kind="timeout"))
        elif len(met):
            verdict.over, verdict.reward = True, -20.0
            first = int(met[0])
            verdict.events.append(
                Event(t=step.begin, kind="collision_human", other_id=int(step.identity[first]))
            )
        elif left < step.scene.body.radius:
            verdict.over, verdict.success, verdict.reward = True, True, 10.0
            verdict.events.append(Event(t=step.begin, kind="goal"))
        elif gap < DISCOMFORT:
            verdict.reward = (gap - DISCOMFORT) * 10 * step.scene.dt
        else:
            verdict.reward = 2 * (-left - self._potential)
            self._potential = -left
        return verdict

    def after(self, crowd: CrowdModel, robot: Robot) -> None:
        """Replaces whoever has reached their goal, one after the other.

        The robot looks before that, and so does not see it until the next step.
        """
        self.sight.remember()
        self.sight.look(crowd, robot)
        people = crowd.walkers
        away = np.hypot(*(people.goal - people.pos).T)
        for number in range(len(people)):
            if away[number] < people.radius[number]:
                places = [robot.pos, *people.pos]
                place = _on_circle(self._dice, places, [self._goal, *people.goal])
                people.replace(number, place, -place)
