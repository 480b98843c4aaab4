"""What a robot may be asked besides places, and the scripts of people in its way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from polyathlon.tasks.socialnav.assignment import AssignedRules, Escort, Handover, in_reach
from polyathlon.tasks.socialnav.card.scenario import DenseCrowd, RecordedCrowd, simulated
from polyathlon.tasks.socialnav.crowd.orca import OrcaSettings
from polyathlon.tasks.socialnav.crowd.replay import FRAME_RATES
from polyathlon.tasks.socialnav.crowd.scripted import Scripted
from polyathlon.tasks.socialnav.crowd.sighted import SightedOrca
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.log import Goal
from polyathlon.tasks.socialnav.robot import BODIES
from polyathlon.tasks.socialnav.scene import Person, Scene
from polyathlon.tasks.socialnav.world import World

SWIFT = BODIES["crowdnav"]  # takes any velocity at once


def at(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float64)


def world(rules: Any, person: Person, start: np.ndarray, goal: Goal, limit: float = 20.0) -> World:
    scene = Scene(body=SWIFT, start=start, goal=goal, people=(person,), time_limit=limit)
    made = World(Scripted("visible"), rules)
    made.reset(scene.checked(), 0)
    return made


WALKER = Person(start=at(0, 0), goal=at(5, 0), speed=1.0, velocity=at(1, 0))
END = Goal(pos=at(5, 0), kind="follow", human=0)


@pytest.mark.parametrize(
    ("kind", "start", "done"),
    [
        ("follow", (-1.5, 0.0), True),
        ("follow", (-1.1, 0.0), False),  # on their heels
        ("accompany", (0.0, 1.1), True),
        ("accompany", (0.0, -1.1), True),
        ("accompany", (0.0, 1.7), False),  # too far to the side
        ("accompany", (-0.6, 1.1), False),  # lags
    ],
)
def test_keeping_a_place_in_the_band_all_the_way_is_success(
    kind: Any, start: Any, done: bool
) -> None:
    rules = AssignedRules(Escort(kind))
    played = world(rules, WALKER, at(*start), END)
    while not (played.verdict and played.verdict.over):
        played.step(played.crowd.walkers.vel[0] if played.steps else at(1, 0))
    assert played.verdict.success is done
    assert played.log().events[-1].kind == ("goal" if done else "failed")


def test_whoever_leads_has_to_arrive_with_the_other() -> None:
    trail = Person(start=at(-1.5, 0), goal=at(5, 0), speed=1.0, script="trail")
    goal = Goal(pos=at(5, 0), kind="guide-to", human=0)
    for pace, done in ((0.9, True), (0.0, False)):
        played = world(AssignedRules(Escort("lead")), trail, at(0, 0), goal, limit=15.0)
        while not (played.verdict and played.verdict.over):
            played.step(at(pace, 0) if played.robot.pos[0] < 4.9 else at(0, 0))
        assert played.verdict.success is done


def test_where_to_be_moves_with_the_person() -> None:
    rules = AssignedRules(Escort("accompany"))
    played = world(rules, WALKER, at(0, 1.1), END)
    assert played.goal.pos == pytest.approx([0, 1.15])
    for _ in range(10):
        played.step(at(1, 0))
    assert played.goal.pos == pytest.approx([1, 1.15])


def test_a_handover_takes_two_seconds_of_standing_in_reach() -> None:
    receiver = Person(start=at(0, 0), goal=at(0, 0), yaw=0.0, script="stand")
    goal = Goal(pos=at(1, 0))
    played = world(AssignedRules(Handover()), receiver, at(1.0, 0.3), goal)
    for _ in range(19):
        played.step(at(0, 0))
        assert not played.verdict.over
    played.step(at(0, 0))
    assert played.verdict.success
    behind = world(AssignedRules(Handover()), receiver, at(-1.0, 0.0), goal, limit=4.0)
    while not (behind.verdict and behind.verdict.over):
        behind.step(at(0, 0))
    assert behind.verdict.late


def test_reach_is_a_sector() -> None:
    assert in_reach(at(0.7, 0.6), 0.0)
    assert not in_reach(at(0.6, 0.7), 0.0)
    assert in_reach(at(0.0, -1.0), -math.pi / 2)
    assert not in_reach(at(0.5, 0.0), 0.0)
    assert not in_reach(at(1.3, 0.0), 0.0)


def test_nobody_sees_a_robot_through_a_wall() -> None:
    """Behind a wall people do not swerve; without it they do."""
    swerve = {}
    for name, walls in (("open", np.zeros((0, 4))), ("wall", np.array([[0.0, -9.0, 0.0, 9.0]]))):
        person = Person(start=at(-3, 0), goal=at(-0.5, 0), speed=1.0, velocity=at(1, 0))
        scene = Scene(
            body=SWIFT,
            start=at(1.0, 0.05),
            goal=Goal(pos=at(1.0, 5.0)),
            people=(person,),
            floor=Floor(walls=walls),
        )
        crowd = SightedOrca("visible", OrcaSettings(wall_horizon=0.5), dither=0.0)
        played = World(crowd)
        played.reset(scene, 0)
        for _ in range(15):
            played.step(at(-0.3, 0) if name == "open" else at(0, 0))
        swerve[name] = abs(float(crowd.walkers.pos[0, 1]))
        assert crowd.walkers.aware.all()
    assert swerve["wall"] < 1e-6 < 0.01 < swerve["open"]


def test_a_crowd_mills_about_within_its_square_and_touches_nobody_at_the_start() -> None:
    scenario = DenseCrowd(density=0.5)
    setup = scenario.setup(0, np.random.default_rng(0), BODIES["omni"], "visible")
    assert len(setup.scene.people) <= scenario.people
    played = World(setup.crowd, setup.rules)
    played.reset(setup.scene, 0)
    for _ in range(20):
        played.step(at(0, 0))
    clear = setup.scene.floor.clearance(setup.crowd.walkers.pos)
    assert clear.min() > 0.28


def test_recordings_are_played_from_a_copy_of_ones_own(tmp_path: Any) -> None:
    record = simulated(seed=1, duration=70.0)
    rows = [
        (round(t * FRAME_RATES["eth"]), one, x, 0.0, y, 0.0, 0.0, 0.0)
        for one, times, places in zip(record.id, record.t, record.pos, strict=True)
        for t, (x, y) in zip(times, places, strict=True)
    ]
    path = tmp_path / "obsmat.txt"
    np.savetxt(path, rows)
    scenario = RecordedCrowd(recording=str(path), frame_rate=FRAME_RATES["eth"])
    setup = scenario.setup(0, np.random.default_rng(3), BODIES["omni"], "replay")
    played = World(setup.crowd, setup.rules)
    played.reset(setup.scene, 0)
    assert len(played.crowd.walkers) == len(record.id) <= scenario.people
    begin = setup.scene.meta["begin"]
    for _ in range(8):
        played.step(at(0, 0))
    due = [np.interp(begin + 0.8, t, p[:, 0]) for t, p in zip(record.t, record.pos, strict=True)]
    off = np.abs(played.crowd.walkers.pos[:, 0] - due)
    assert off.max() < 0.4  # the stretch begins between two observations
    assert played.log().meta["track"] == "replay"
