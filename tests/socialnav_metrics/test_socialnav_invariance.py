"""What must not matter to a metric: where the world lies, who is named first, when it happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from polyathlon.tasks.socialnav.log import EpisodeLog, Thing, Tracks
from polyathlon.tasks.socialnav.metric import score
from polyathlon.tasks.socialnav.metric.series import series

Build = Callable[..., EpisodeLog]

angles = st.floats(-np.pi, np.pi)
shifts = st.tuples(st.floats(-30, 30), st.floats(-30, 30))


def moved(log: EpisodeLog, angle: float, shift: tuple[float, float]) -> EpisodeLog:
    """The same episode in a world that is turned about the origin and then shifted."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def place(points: np.ndarray) -> np.ndarray:
        return np.asarray(points @ turn.T + np.array(shift))

    robot, people = log.robot, log.humans
    goal = dataclasses.replace(
        robot.goal, pos=place(robot.goal.pos), candidates=place(robot.goal.candidates)
    )
    return dataclasses.replace(
        log,
        robot=dataclasses.replace(
            robot,
            pos=place(robot.pos),
            yaw=robot.yaw + angle,
            vel=robot.vel @ turn.T,
            goal=goal,
        ),
        humans=dataclasses.replace(
            people,
            pos=place(people.pos),
            yaw=people.yaw + angle,
            vel=people.vel @ turn.T,
            goal=place(people.goal),
        ),
        objects=tuple(
            dataclasses.replace(thing, pos=place(thing.pos), yaw=thing.yaw + angle)
            for thing in log.objects
        ),
        walls=place(log.walls.reshape(-1, 2)).reshape(-1, 4),
    )


def absent(log: EpisodeLog) -> EpisodeLog:
    """The same people, and the robot far away."""
    away = dataclasses.replace(log.robot, pos=log.robot.pos + 1e5)
    return dataclasses.replace(log, robot=away)


def assert_same(one: dict[str, float | None], other: dict[str, float | None]) -> None:
    assert [key for key in one if (one[key] is None) != (other[key] is None)] == []
    known = [key for key in one if one[key] is not None]
    wrong = {
        key: (one[key], other[key])
        for key in known
        if other[key] != pytest.approx(one[key], rel=1e-6, abs=1e-6)
    }
    assert not wrong


@settings(max_examples=25, deadline=None)
@given(angle=angles, shift=shifts, seed=st.integers(0, 5))
def test_where_the_world_lies_does_not_matter(
    something_of_everything: Build, angle: float, shift: tuple[float, float], seed: int
) -> None:
    log = something_of_everything(seed)
    there = moved(log, angle, shift)
    assert_same(score(log, absent(log)), score(there, absent(there)))


def reordered(people: Tracks, order: list[int]) -> Tracks:
    """The same people in another order."""
    return dataclasses.replace(
        people,
        id=people.id[order],
        pos=people.pos[:, order],
        yaw=people.yaw[:, order],
        vel=people.vel[:, order],
        radius=people.radius[order],
        valid=people.valid[:, order],
        goal=people.goal[:, order],
        vpref=people.vpref[order],
        group_id=people.group_id[order],
        model=tuple(people.model[index] for index in order),
        aware_of_robot=people.aware_of_robot[order],
        reached_t=people.reached_t[order],
    )


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(4)), seed=st.integers(0, 5))
def test_who_is_named_first_does_not_matter(
    something_of_everything: Build, order: list[int], seed: int
) -> None:
    log = something_of_everything(seed)
    other = dataclasses.replace(log, humans=reordered(log.humans, order))
    assert_same(score(log, absent(log)), score(other, absent(log)))


def test_when_it_happened_does_not_matter(something_of_everything: Build) -> None:
    log = something_of_everything()
    people = dataclasses.replace(log.humans, reached_t=log.humans.reached_t + 64)
    events = tuple(dataclasses.replace(event, t=event.t + 64) for event in log.events)
    later = dataclasses.replace(log, t=log.t + 64, humans=people, events=events)
    assert_same(score(log, absent(log)), score(later, absent(log)))


def test_someone_far_away_changes_no_minimum(something_of_everything: Build) -> None:
    log = something_of_everything()
    without = dataclasses.replace(log.humans, pos=log.humans.pos.copy())
    far = without.pos.copy()
    far[:, 1] += 500.0
    other = dataclasses.replace(log, humans=dataclasses.replace(log.humans, pos=far))
    one = reordered(log.humans, [0, 2, 3])
    fewer = dataclasses.replace(log, humans=one)
    keys = ("human_distance_min", "ttc_min", "psc@0.5", "human_collisions", "social_work")
    assert [score(other)[key] for key in keys] == pytest.approx([score(fewer)[key] for key in keys])


places = st.tuples(st.integers(-2, 2), st.integers(-2, 2))


@st.composite
def cramped(draw: st.DrawFn) -> dict[str, Any]:
    """What an episode on a grid is made of: people in one place, walls of no length, one step."""
    steps = draw(st.integers(1, 7))
    ways = st.lists(places, min_size=steps, max_size=steps)
    people = []
    for way in draw(st.lists(ways, max_size=3)):
        walk = np.array(way, float)
        first = draw(st.integers(0, steps - 1))
        walk[:first] = np.nan
        walk[draw(st.integers(first + 1, steps)) :] = np.nan
        people.append(walk)
    things = [
        Thing(id=k, pos=np.array(place, float), length=1.0, width=1.0, shape=shape)  # type: ignore[arg-type]
        for k, (place, shape) in enumerate(
            draw(st.lists(st.tuples(places, st.sampled_from(["circle", "rectangle"])), max_size=2))
        )
    ]
    walls = [(*one, *other) for one, other in draw(st.lists(st.tuples(places, places), max_size=2))]
    wide = draw(st.booleans())
    return {
        "way": np.array(draw(ways), float),
        "people": people,
        "others": people[:1],
        "dt": draw(st.sampled_from([0.1, 1.0])),
        "goal": draw(places),
        "walls": np.array(walls, float).reshape(-1, 4),
        "objects": tuple(things),
        "footprint": (0.4, 0.4) if wide else None,
        "candidates": np.array(draw(st.lists(places, max_size=3)), float).reshape(-1, 2),
        "of_people": {"group_id": np.zeros(len(people), int)} if people else {},
        "v_max": 1.0,
        "mass": 1.0,
    }


# Without shrinking, which takes minutes on cases of so many parts.
@settings(max_examples=40, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(parts=cramped())
def test_no_log_that_is_accepted_is_too_odd_to_score(episode: Build, parts: dict[str, Any]) -> None:
    way, people = parts.pop("way"), parts.pop("people")
    log = episode(way, people, **parts)
    for key, value in score(log, absent(log)).items():
        assert value is None or np.isfinite(value), key
    for key, values in series(log).items():
        assert values.shape[0] == len(series(log)["t"]), key
