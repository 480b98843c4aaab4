"""CrowdNav and CrowdNav++: a slice of their cases, with the exact outcomes."""

from __future__ import annotations

from collections import Counter

import gymnasium
import numpy as np
import pytest
from crossings import ROWS, Tally, outcomes

from polyathlon.tasks import catalogue
from polyathlon.tasks.socialnav import crowdnav, crowdnavpp
from polyathlon.tasks.socialnav.policy import OrcaRobot

SLICE = range(60)


def test_the_first_case_is_drawn_in_upstream_s_order() -> None:
    """Angle, then noise along x, then along y, from NumPy's legacy generator."""
    dice = np.random.RandomState(1000)
    person = crowdnav.crossing(0, "circle").people[0]
    angle = dice.random_sample() * np.pi * 2
    noise = [dice.random_sample() - 0.5, dice.random_sample() - 0.5]
    due = 4.0 * np.array([np.cos(angle), np.sin(angle)]) + noise
    assert np.array_equal(person.start, due)
    assert np.array_equal(person.goal, -due)


def test_square_cases_cross_from_half_to_half() -> None:
    for case in range(20):
        for person in crowdnav.crossing(case, "square").people:
            assert person.start[0] * person.goal[0] < 0
            assert (np.abs([*person.start, *person.goal]) <= 5).all()


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (ROWS[0], {"success": 32, "collision": 28}),
        (ROWS[1], {"success": 56, "collision": 4}),
        (ROWS[2], {"success": 60}),
        (ROWS[3], {"success": 49, "collision": 11}),
        (ROWS[5], {"success": 60}),
    ],
    ids=lambda value: "-".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_crowdnav_s_first_cases(row: object, counts: dict[str, int]) -> None:
    assert Counter(name for name, _ in outcomes(row, SLICE)) == counts


def test_crowdnavpp_s_first_cases_end_as_in_the_published_log() -> None:
    """Case by case: the log names the episodes that ended in a collision or in time."""
    collided = {0, 1, 4, 7, 8, 10, 11, 12, 13, 15, 16, 18, 20, 21, 22, 23, 24}
    found = [name for name, _ in outcomes(ROWS[6], range(25))]
    due = ["collision" if case in collided else "success" for case in range(25)]
    due[14] = "timeout"
    assert found == due


def test_agreement_is_within_the_stated_distance() -> None:
    assert ROWS[0].agrees(Tally(500, 0.426, 0.568, 0.006, 10.86))
    assert not ROWS[0].agrees(Tally(500, 0.39, 0.568, 0.006, 10.86))
    assert not ROWS[0].agrees(Tally(500, 0.43, 0.57, 0.0, 11.2))
    assert ROWS[1].agrees(Tally(500, 0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize("name", ["crowdnav-circle", "crowdnav-square"])
def test_the_environment_plays_the_same_cases(name: str) -> None:
    row = next(row for row in ROWS if row.scenario == name and row.track == "invisible")
    env, policy = catalogue.build(catalogue.find(f"socialnav.{name}")), OrcaRobot()
    for case, (outcome, time) in enumerate(outcomes(row, range(12))):
        env.reset(seed=case, options={"episode": case})
        world, over = env.unwrapped.world, False
        policy.reset(world)
        while not over:
            action = policy.velocity(world).astype(np.float32)
            _, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        assert info["success"] is (outcome == "success")
        assert info["metrics"]["time"] == time
        assert info["metrics"]["collided"] == float(outcome == "collision")


@pytest.mark.parametrize(("name", "steps"), [("crowdnav-circle", 97), ("crowdnavpp", 197)])
def test_time_is_up_a_second_early(name: str, steps: int) -> None:
    env = catalogue.build(catalogue.find(f"socialnav.{name}"), track="visible")
    still = np.zeros(2, np.float32)
    for case in range(20):
        env.reset(seed=0, options={"episode": case})
        over, count = False, 0
        while not over:
            _, _, terminated, truncated, info = env.step(still)
            over, count = terminated or truncated, count + 1
        if truncated:
            assert (count, info["metrics"]["timeout"]) == (steps, 1.0)
            return
    pytest.fail("nobody was left standing in twenty cases")


def test_people_of_crowdnavpp_are_replaced_and_their_tracks_end() -> None:
    scene, _ = crowdnavpp.arena(3)
    env = gymnasium.make("polyathlon/socialnav.crowdnavpp-v1", disable_env_checker=True)
    env.reset(seed=0, options={"episode": 3})
    away = np.array([1.0, 0.0], np.float32)
    env.unwrapped.world.robot.pos = np.array([60.0, 60.0])
    for _ in range(120):
        env.step(away)
    log = env.unwrapped.log()
    assert len(log.humans) > 20
    assert (log.humans.valid.sum(axis=1) == 20).all()
    assert np.array_equal(log.humans.pos[0, :20], [person.start for person in scene.people])
    # Whoever arrived in the last step has nobody in their place yet.
    reached = np.isfinite(log.humans.reached_t)
    assert reached[log.humans.valid[-1] == 0].all()
    assert len(log.humans) - 20 <= reached.sum() < len(log.humans) - 16
