"""CrowdNav's crossings, as its released code plays them.

Chen et al., "Crowd-robot interaction: crowd-aware robot navigation with attention-based deep
reinforcement learning" (2019), repository vita-epfl/CrowdNav: ``crowd_sim.py``, ``orca.py`` and
``env.config``. The draws are those of NumPy's legacy generator, in upstream's order, so that case
n is upstream's case n. Three habits of upstream are kept because its numbers depend on them:

- time is up one second before the limit of 25 s, and that outranks everything else;
- a collision is tested with the velocity that a person had before this step, and outranks the
  goal;
- the goal is reached within the robot's radius.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .crowd.orca import Orca, OrcaSettings
from .log import Event, Goal
from .robot import BODIES, Robot
from .rule import Interval, Verdict
from .scene import Person, Scene
from .sweep import disc_contact

Floats = NDArray[np.float64]

Rule = Literal["circle", "square"]

DT, LIMIT = 0.25, 25.0
"""``time_step`` and ``time_limit`` of env.config [s]."""

CASES = 500
"""``test_size`` of env.config."""

TEST_OFFSET = 1000
"""Seed of test case 0: the capacity of the validation cases before it (crowd_sim.py)."""

PEOPLE, RADIUS, SPEED = 5, 0.3, 1.0
"""``human_num``, ``radius`` [m] and ``v_pref`` [m/s] of env.config."""

CIRCLE, SQUARE = 4.0, 10.0
"""``circle_radius`` and ``square_width`` of env.config [m]."""

DISCOMFORT = 0.2
"""``discomfort_dist``: surface distance below which the robot is too near [m]."""

WORDS = "Cross the crowd and reach the goal without touching anybody."


def crossing(case: int, rule: Rule, people: int = PEOPLE) -> Scene:
    """A test case.

    Args:
        case: its number, from 0.
        rule: ``circle``: everybody crosses a circle to the other side; ``square``: from one half
            of a square to the other.
        people: how many.
    """
    dice = np.random.RandomState(TEST_OFFSET + case)
    start, goal = np.array([0.0, -CIRCLE]), np.array([0.0, CIRCLE])
    places, goals = [start], [goal]
    for _ in range(people):
        draw = _circle if rule == "circle" else _square
        place, aim = draw(dice, places, goals)
        places.append(place)
        goals.append(aim)
    crowd = tuple(
        Person(start=place, goal=aim, radius=RADIUS, speed=SPEED)
        for place, aim in zip(places[1:], goals[1:], strict=True)
    )
    return Scene(
        body=BODIES["crowdnav"],
        start=start,
        goal=Goal(pos=goal, pos_tol=RADIUS),
        people=crowd,
        yaw=np.pi / 2,
        dt=DT,
        time_limit=LIMIT,
        instruction=WORDS,
        meta={"protocol": "crowdnav", "rule": rule, "case": case},
    )


def crowd(track: str) -> Orca:
    """The people of these cases: ORCA without dither."""
    return Orca(track, OrcaSettings(neighbours=10, sync=1), dither=0.0)


def _circle(
    dice: np.random.RandomState, places: list[Floats], goals: list[Floats]
) -> tuple[Floats, Floats]:
    """A place on the circle with some noise; ``generate_circle_crossing_human``."""
    least = 2 * RADIUS + DISCOMFORT
    while True:
        angle = dice.random_sample() * np.pi * 2
        noise_x = (dice.random_sample() - 0.5) * SPEED
        noise_y = (dice.random_sample() - 0.5) * SPEED
        place = np.array([CIRCLE * np.cos(angle) + noise_x, CIRCLE * np.sin(angle) + noise_y])
        if not any(np.linalg.norm(place - other) < least for other in (*places, *goals)):
            return place, -place


def _square(
    dice: np.random.RandomState, places: list[Floats], goals: list[Floats]
) -> tuple[Floats, Floats]:
    """A place in one half and a goal in the other; ``generate_square_crossing_human``."""
    least = 2 * RADIUS + DISCOMFORT
    sign = -1 if dice.random_sample() > 0.5 else 1

    def drawn(side: int, taken: list[Floats]) -> Floats:
        while True:
            x = dice.random_sample() * SQUARE * 0.5 * side
            y = (dice.random_sample() - 0.5) * SQUARE
            place = np.array([x, y])
            if not any(np.linalg.norm(place - other) < least for other in taken):
                return place

    place = drawn(sign, places)
    return place, drawn(-sign, goals)


class CrowdNavRules:
    """What ``CrowdSim.step`` says of a step; the reward is upstream's.

    1 for the goal, -0.25 for a collision, and half the missing distance times the time step for
    coming nearer than 0.2 m to somebody.
    """

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """Nothing is remembered between steps."""

    def judge(self, step: Interval) -> Verdict:
        """What a step was."""
        dt, reach = step.scene.dt, step.radius + step.scene.body.radius
        found = disc_contact(step.pos - step.path[0], (step.old_vel - step.robot_vel) * dt, reach)
        met = np.flatnonzero(found.gap < 0)
        gap = float(found.gap.min(initial=np.inf))
        left = step.path[-1] - step.goal.pos
        verdict = Verdict(found.gap < 0, gap=gap)
        if step.begin >= LIMIT - 1:
            verdict.late, verdict.over = True, True
            verdict.events.append(Event(t=step.end, kind="timeout"))
        elif len(met):
            verdict.over, verdict.reward = True, -0.25
            first = int(met[0])
            verdict.events.append(
                Event(
                    t=step.begin + float(found.share[first]) * dt,
                    kind="collision_human",
                    other_id=int(step.identity[first]),
                    rel_speed=float(np.hypot(*(step.old_vel[first] - step.robot_vel))),
                    robot_speed=float(np.hypot(*step.robot_vel)),
                )
            )
        elif np.hypot(*left) < step.scene.body.radius:
            verdict.over, verdict.success, verdict.reward = True, True, 1.0
            verdict.events.append(Event(t=step.end, kind="goal"))
        elif gap < DISCOMFORT:
            verdict.reward = (gap - DISCOMFORT) * 0.5 * dt
        return verdict

    def after(self, crowd: CrowdModel, robot: Robot) -> None:
        """People keep their goals."""
