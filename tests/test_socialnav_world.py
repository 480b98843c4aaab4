"""The planar world: sweeps, arcs, limits, walls, and scenes that cannot be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, BadScene
from polyathlon.tasks.socialnav.crowd.scripted import Scripted
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.log import Goal
from polyathlon.tasks.socialnav.robot import BODIES, Body, Robot, body_named
from polyathlon.tasks.socialnav.rule import SweptRules
from polyathlon.tasks.socialnav.scene import Person, Scene
from polyathlon.tasks.socialnav.sweep import disc_contact, wall_contact
from polyathlon.tasks.socialnav.world import World

FREE = Body(id="free", kinematics="holonomic", radius=0.3, v_max=2.0)
CAR = Body(id="car", kinematics="differential", radius=0.3, v_max=2.0, v_min=-1.0, omega_max=3.0)


def at(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float64)


def scene(**changes: Any) -> Scene:
    given: dict[str, Any] = {"body": FREE, "start": at(0, 0), "goal": Goal(pos=at(4, 0))}
    return Scene(**{**given, **changes})


def world(played: Scene, **rules: bool) -> World:
    made = World(Scripted(), SweptRules(**rules))
    made.reset(played.checked(), 0)
    return made


@pytest.mark.parametrize(
    ("apart", "drift", "gap", "share"),
    [
        # 1 m apart, 2 m towards each other: through one another between the ends of the step.
        ((1.0, 0.0), (-2.0, 0.0), -0.6, 0.2),
        ((1.0, 0.5), (-2.0, 0.0), -0.1, (1 - math.sqrt(0.36 - 0.25)) / 2),
        ((1.0, 0.61), (-2.0, 0.0), 0.01, math.inf),
        ((1.0, 0.0), (2.0, 0.0), 0.4, math.inf),
        ((1.0, 0.0), (0.0, 0.0), 0.4, math.inf),
        ((1.0, 0.0), (-0.3, 0.0), 0.1, math.inf),
        ((0.5, 0.0), (1.0, 0.0), -0.1, 0.0),
        ((0.0, 0.0), (0.0, 0.0), -0.6, 0.0),
    ],
)
def test_discs_are_swept(
    apart: tuple[float, ...], drift: tuple[float, ...], gap: float, share: float
) -> None:
    found = disc_contact(at(*apart), at(*drift), np.float64(0.6))
    assert found.gap == pytest.approx(gap)
    assert found.share == pytest.approx(share)


def test_a_sweep_agrees_with_many_small_steps() -> None:
    dice = np.random.default_rng(3)
    apart, drift = dice.uniform(-2, 2, (400, 2)), dice.uniform(-3, 3, (400, 2))
    found = disc_contact(apart, drift, np.full(400, 0.6))
    share = np.linspace(0, 1, 4001)
    gaps = np.linalg.norm(apart[:, None] + share[:, None] * drift[:, None], axis=-1) - 0.6
    np.testing.assert_allclose(found.gap, gaps.min(axis=1), atol=2e-3)
    clear = np.abs(found.gap) > 2e-3
    first = np.where((gaps < 0).any(axis=1), share[(gaps < 0).argmax(axis=1)], np.inf)
    np.testing.assert_allclose(found.share[clear], first[clear], atol=2e-3)


@pytest.mark.parametrize(
    ("begin", "end", "gap", "share"),
    [
        ((-1.0, 0.0), (1.0, 0.0), -0.3, 0.35),  # through the middle
        ((-1.0, 0.0), (-0.3, 0.0), 0.0, math.inf),  # up to touch
        ((-1.0, 0.0), (-0.2, 0.0), -0.1, 0.875),
        ((-0.3, -0.5), (-0.3, 0.5), 0.0, math.inf),  # along the wall, in touch
        ((-0.2, 0.0), (-1.0, 0.0), -0.1, math.inf),  # out of it
        ((-1.0, 1.2), (1.0, 1.2), -0.1, (1 - math.sqrt(0.05)) / 2),  # over its end
        ((-1.0, 1.4), (1.0, 1.4), 0.1, math.inf),
        ((0.0, 3.0), (0.0, 1.0), -0.3, 0.85),  # along its line, onto its end
    ],
)
def test_walls_are_swept(
    begin: tuple[float, ...], end: tuple[float, ...], gap: float, share: float
) -> None:
    found = wall_contact(at(*begin), at(*end), 0.3, at(0.0, -1.0, 0.0, 1.0)[None])
    assert found.gap[0] == pytest.approx(gap, abs=1e-12)
    assert found.share[0] == pytest.approx(share)


@pytest.mark.parametrize(
    ("command", "dt", "place", "yaw"),
    [
        ((1.0, 0.0), 2.0, (2.0, 0.0), 0.0),
        ((1.0, math.pi / 2), 1.0, (2 / math.pi, 2 / math.pi), math.pi / 2),
        ((1.0, -math.pi), 1.0, (0.0, -2 / math.pi), -math.pi),
        ((1.0, 2 * math.pi), 1.0, (0.0, 0.0), 2 * math.pi),
        ((-1.0, math.pi / 2), 1.0, (-2 / math.pi, -2 / math.pi), math.pi / 2),
        ((0.0, 1.0), 1.0, (0.0, 0.0), 1.0),
        ((1.0, 1e-8), 1.0, (1.0, 5e-9), 1e-8),
    ],
)
def test_arcs_are_exact(
    command: tuple[float, ...], dt: float, place: tuple[float, ...], yaw: float
) -> None:
    robot = Robot(CAR, at(0, 0), 0.0)
    path = robot.path(at(*command), dt)
    robot.move(at(*command), dt, path)
    assert robot.pos == pytest.approx(at(*place), abs=1e-12)
    assert path[-1] == pytest.approx(at(*place), abs=1e-12)
    assert robot.yaw == pytest.approx(yaw)
    assert math.hypot(*robot.vel) == pytest.approx(abs(command[0]))


def test_ten_short_arcs_are_one_long() -> None:
    one, many = Robot(CAR, at(1, 2), 0.3), Robot(CAR, at(1, 2), 0.3)
    command = at(0.8, 1.1)
    one.move(command, 1.0, one.path(command, 1.0))
    for _ in range(10):
        many.move(command, 0.1, many.path(command, 0.1))
    assert many.pos == pytest.approx(one.pos, abs=1e-12)


@pytest.mark.parametrize(
    ("body", "wanted", "carried"),
    [
        (FREE, (3.0, 4.0), (1.2, 1.6)),
        (FREE, (0.5, -0.5), (0.5, -0.5)),
        (BODIES["omni"], (1.0, 0.0), (0.1, 0.0)),
        (CAR, (3.0, -9.0), (2.0, -3.0)),
        (CAR, (-3.0, 1.0), (-1.0, 1.0)),
        (BODIES["medium"], (1.0, 1.5), (0.1, 0.4)),
        (BODIES["medium"], (-1.0, -1.5), (0.0, -0.4)),
    ],
)
def test_commands_are_cut_to_what_the_body_can(
    body: Body, wanted: tuple[float, ...], carried: tuple[float, ...]
) -> None:
    assert Robot(body, at(0, 0), 0.0).limit(at(*wanted), 0.1) == pytest.approx(at(*carried))


def test_an_unknown_body_is_an_error() -> None:
    with pytest.raises(BadArgument, match="Did you mean 'medium'"):
        body_named("medum")


def test_a_wall_stops_the_robot_where_it_touches() -> None:
    floor = Floor(walls=at(1.0, -3.0, 1.0, 3.0)[None])
    played = world(scene(floor=floor, goal=Goal(pos=at(0, 2))), ends_on_contact=False)
    kinds = []
    for _ in range(10):
        kinds += [event.kind for event in played.step(at(1.0, 0.0)).events]
    assert kinds == ["collision_wall"]
    assert played.robot.pos == pytest.approx(at(0.7, 0.0))
    played.step(at(0.0, 1.0))
    assert played.robot.pos == pytest.approx(at(0.7, 0.1))
    log = played.log()
    assert log.robot.vel[8] == pytest.approx(at(0.0, 0.0), abs=1e-9)
    assert log.events[0].t == pytest.approx(0.7)


def test_a_round_thing_stops_the_robot_too() -> None:
    floor = Floor(discs=at(2.0, 0.0, 0.5)[None])
    played = world(scene(floor=floor))
    while not (verdict := played.step(at(2.0, 0.0))).over:
        pass
    assert [event.kind for event in verdict.events] == ["collision_wall"]
    assert played.robot.pos == pytest.approx(at(1.2, 0.0))


@pytest.mark.parametrize(
    ("speed", "fault"), [((1.0, 0.0), "both"), ((0.0, 0.0), "other"), ((2.0, 0.0), "robot")]
)
def test_a_collision_says_when_whom_and_whose_fault(speed: tuple[float, ...], fault: str) -> None:
    person = Person(start=at(3, 0), goal=at(-3, 0), speed=1.0)
    played = world(scene(people=(person,)))
    while not (verdict := played.step(at(*speed))).over:
        pass
    (event,) = verdict.events
    closing = 1.0 + speed[0]
    assert (event.kind, event.other_id, event.at_fault) == ("collision_human", 0, fault)
    assert event.t == pytest.approx(2.4 / closing)
    assert event.rel_speed == pytest.approx(closing)
    assert event.robot_speed == pytest.approx(speed[0])


def test_nobody_slips_through_in_a_long_step() -> None:
    person = Person(start=at(2.0, 0), goal=at(-9, 0), speed=3.0)
    played = world(scene(people=(person,), dt=1.0, time_limit=30.0))
    assert [event.kind for event in played.step(at(2.0, 0.0)).events] == ["collision_human"]


def test_a_contact_that_lasts_is_one_event() -> None:
    person = Person(start=at(1, 0), goal=at(1, 0), script="stand")
    played = world(scene(people=(person,)), ends_on_contact=False)
    kinds, over = [], False
    while not over:
        verdict = played.step(at(2.0, 0.0))
        kinds += [event.kind for event in verdict.events]
        over = verdict.over
    assert kinds == ["collision_human", "goal"]


def test_goal_and_time_limit() -> None:
    played = world(scene(time_limit=1.0))
    verdicts = [played.step(at(2.0, 0.0)) for _ in range(10)]
    assert [verdict.over for verdict in verdicts] == [False] * 9 + [True]
    assert verdicts[-1].late
    assert not verdicts[-1].success
    played = world(scene(goal=Goal(pos=at(1, 0), pos_tol=0.3)))
    verdicts = [played.step(at(2.0, 0.0)) for _ in range(4)]
    assert [verdict.success for verdict in verdicts] == [False, False, False, True]
    assert played.log().robot.shortest_path == pytest.approx(1.0)


def test_a_pose_must_be_faced() -> None:
    goal = Goal(pos=at(0, 0), pos_tol=0.3, yaw=math.pi / 2, yaw_tol=0.2)
    played = world(scene(body=CAR, goal=goal))
    verdicts = [played.step(at(0.0, 3.0)) for _ in range(5)]
    assert [verdict.success for verdict in verdicts] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": at(math.nan, 0)}, "scene.start is .* two finite numbers"),
        ({"goal": Goal(pos=at(0, 0, 0))}, "scene.goal.pos is"),
        ({"dt": 0.0}, "scene.dt is 0.0; it is a number from 0.001 to 1"),
        ({"time_limit": math.inf}, "scene.time_limit is inf"),
        ({"body": Body(id="x", kinematics="holonomic", radius=0.3, v_max=9.0)}, "body.v_max is 9"),
        (
            {"people": (Person(start=at(2, 0), goal=at(3, 0), speed=4.0),)},
            r"people\[0\].speed is 4",
        ),
        ({"people": (Person(start=at(2, 0), goal=at(3, 0), speed=math.nan),)}, "speed is nan"),
        ({"people": (Person(start=at(0.5, 0), goal=at(3, 0)),)}, "overlap by 0.100 m"),
        ({"floor": Floor(walls=at(0.2, -1, 0.2, 1)[None])}, "scene.start is 0.200 m from the near"),
        (
            {"floor": Floor(outline=np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]))},
            r"scene.goal: \(4.00, 0.00\) is",
        ),
        (
            {
                "floor": Floor(outline=np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])),
                "goal": Goal(pos=at(0.5, 0)),
                "people": (Person(start=at(4, 0), goal=at(3, 0)),),
            },
            r"people\[0\].start",
        ),
    ],
)
def test_a_scene_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadScene, match=words):
        scene(**changes).checked()


def test_a_goal_without_way_is_refused() -> None:
    walls = np.array([[3.0, -1, 5, -1], [5, -1, 5, 1], [5, 1, 3, 1], [3, 1, 3, -1]])
    with pytest.raises(BadScene, match=r"scene.goal: goal \(4.00, 0.00\) cannot be reached"):
        scene(floor=Floor(walls=walls)).checked()


@pytest.mark.parametrize("body", ["omni", "medium"])
@pytest.mark.parametrize("count", [1, 4, 30])
def test_the_least_gap_is_that_of_a_full_sweep(body: str, count: int) -> None:
    """Looking only at those who are near leaves nobody out."""
    dice = np.random.default_rng(count)
    spots = np.stack(np.meshgrid(np.arange(-5, 6), np.arange(-5, 6)), axis=-1).reshape(-1, 2)
    spots = spots[np.abs(spots).max(axis=1) > 1] * 1.5
    chosen = dice.choice(len(spots), count, replace=False)
    people = tuple(
        Person(start=spots[i] + 0.0, goal=dice.uniform(-8, 8, 2), speed=1.5) for i in chosen
    )
    played = world(scene(body=BODIES[body], people=people), ends_on_contact=False)
    for _ in range(40):
        before, here = played.crowd.walkers.pos, played.robot.pos
        verdict = played.step(dice.uniform(-1, 1, 2))
        share = np.linspace(0, 1, 201)[:, None, None]
        drift = played.crowd.walkers.pos - before
        way = here + share[:, 0] * (played.robot.pos - here)
        apart = before + share * drift - way[:, None]
        least = float(
            (np.hypot(apart[..., 0], apart[..., 1]) - played.robot.body.radius - 0.3).min()
        )
        assert verdict.gap == pytest.approx(least, abs=2e-3)
