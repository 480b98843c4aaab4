"""Social navigation's measurements: a step among N people against RVO2 with nothing around it."""

from __future__ import annotations

import time
from typing import Any

import measure
import numpy as np

from polyathlon.tasks.socialnav.environment import SocialNavigation
from polyathlon.tasks.socialnav.rule import SweptRules

CROWDS = {5: (8, 60), 20: (5, 60), 100: (2, 60), 500: (1, 30)}
"""People; episodes, and steps of 0.1 s in each, that are timed. The robot is on its way in all."""


def _environment(people: int, model: str = "orca") -> SocialNavigation:
    settings = {"people": people, "model": model}
    env = SocialNavigation("circle", track="visible", robot="omni", settings=settings)
    env.reset(seed=0)
    env.world.rules = SweptRules(ends_on_contact=False)
    env.world.rules.begin(env.world.scene, env.world.crowd, env.world.robot)
    return env


def stepping(people: int, model: str = "orca") -> float:
    """Steps a second of the environment, ``state`` and all; the robot crosses the circle."""
    episodes, steps = CROWDS[people]
    spent = 0.0
    for _ in range(episodes):
        env = _environment(people, model)
        way = env.world.goal.pos - env.world.robot.pos
        action = (way / np.hypot(*way)).astype(np.float32)
        begun = time.process_time()
        for _ in range(steps):
            env.step(action)
        spent += time.process_time() - begun
    return episodes * steps / spent


def bare(people: int) -> float:
    """Steps a second of a plain loop over the same crowd: overwrite, step, read back."""
    episodes, steps = CROWDS[people]
    return episodes * steps / sum(_bare_episode(people, steps) for _ in range(episodes))


def _bare_episode(people: int, steps: int) -> float:
    import pyrvo

    world = _environment(people).world
    walkers = world.crowd.walkers
    rvo: Any = pyrvo.RVOSimulator(0.1, 10.0, people + 1, 5.0, 5.0, 0.31, 1.3)
    for place in (*walkers.pos.tolist(), world.robot.pos.tolist()):
        rvo.add_agent(tuple(place))
    robot, way = world.robot.pos, world.goal.pos - world.robot.pos
    vel, pos = way / np.hypot(*way), walkers.pos
    begun = time.process_time()
    for _ in range(steps):
        rvo.set_agent_position(people, tuple(robot.tolist()))
        rvo.set_agent_velocity(people, tuple(vel.tolist()))
        wish = walkers.goal - pos
        left = np.hypot(wish[:, 0], wish[:, 1])
        wish *= (np.minimum(left, walkers.speed) / np.maximum(left, 1e-9))[:, None]
        for number, one in enumerate(wish.tolist()):
            rvo.set_agent_pref_velocity(number, tuple(one))
        rvo.do_step()
        robot = robot + vel * 0.1
        pos = np.array([rvo.get_agent_position(i).to_tuple() for i in range(people)])
        np.array([rvo.get_agent_velocity(i).to_tuple() for i in range(people)])
    return time.process_time() - begun


def steps(pairs: int) -> list[measure.Ratio]:
    """What a step costs, in bare loops; and how the cost grows with the crowd."""
    rows = [
        measure.ratio(
            f"cost of a step / of the bare pyrvo loop, {people} people",
            lambda people=people: bare(people),  # type: ignore[misc]
            lambda people=people: stepping(people),  # type: ignore[misc]
            pairs,
        )
        for people in CROWDS
    ]
    rows += [
        measure.ratio(
            f"cost of a step, {people} people / 5 people",
            lambda: stepping(5),
            lambda people=people: stepping(people),  # type: ignore[misc]
            pairs,
        )
        for people in list(CROWDS)[1:]
    ]
    rows += [
        measure.ratio(
            f"cost of a step, social force / ORCA, {people} people",
            lambda people=people: stepping(people),  # type: ignore[misc]
            lambda people=people: stepping(people, "social_force"),  # type: ignore[misc]
            pairs,
        )
        for people in (5, 20, 100)
    ]
    return rows
