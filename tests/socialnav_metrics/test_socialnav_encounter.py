"""Metrics of contact, space and anticipation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hand_figures import Build, Way, figures, near

from polyathlon.tasks.socialnav.log import Event, Thing
from polyathlon.tasks.socialnav.metric import METRICS, score
from polyathlon.tasks.socialnav.metric.series import series


def away_and_back(gaps: list[float]) -> np.ndarray:
    """A person at those surface distances from a robot at the origin, radii 0.3."""
    return np.array([(gap + 0.6, 0.0) for gap in gaps])


@pytest.mark.parametrize(
    ("gaps", "count"),
    [
        ([1, 0.5, 0.01, 0.01, 0.5], 0),
        ([1, 0.5, -0.01, -0.02, -0.01, 0.5], 1),
        ([1, -0.01, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, -0.01], 1),  # never clear
        ([1, -0.01, 0.1, 0.1, 0.1, 0.1, -0.01], 1),  # clear, but for too short
        ([1, -0.01, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.01], 2),  # clear for 0.5 s
        ([-0.01, -0.01], 1),  # from the start
    ],
)
def test_a_collision_is_counted_anew_only_after_a_clear_gap(
    episode: Build, standing: Way, gaps: list[float], count: int
) -> None:
    log = episode(standing((0, 0), len(gaps)), [away_and_back(gaps)])
    assert figures(log, "human_collisions", "collisions") == [count, count]
    assert figures(log, "human_collided") == [float(count > 0)]


def test_bodies_do_not_pass_through_each_other_between_steps(episode: Build) -> None:
    log = episode([(0, 0), (1, 0)], [[(1, 0), (0, 0)]], dt=0.25)
    assert figures(log, "human_collisions", "human_distance_min") == near(1, -0.6)
    assert figures(log, "human_centre_distance_min", "collision_time") == near(0, 0.25)
    beside = episode([(0, 0), (1, 0)], [[(1, 0.7), (0, 0.7)]], dt=0.25)
    assert figures(beside, "human_collisions", "human_distance_min") == near(0, 0.1)


def test_each_kind_of_counterpart_is_counted_by_itself(episode: Build, straight: Way) -> None:
    log = episode(
        straight((0, 0), (10, 0), 101),
        [np.tile((2.0, 0.0), (101, 1)), np.tile((3.0, 0.1), (101, 1))],
        others=[np.tile((5.0, 0.0), (101, 1))],
        walls=np.array([[7.0, -1, 7.0, 1], [7.0, 1, 7.2, 1]]),
        objects=(
            Thing(id=1, pos=np.array([8.5, 0]), length=0.2, width=0.2, shape="circle"),
            Thing(id=2, pos=np.array([9.5, 0.0]), length=0.4, width=0.1),
        ),
    )
    kinds = ("human", "agent", "wall", "object")
    assert figures(log, *(f"{kind}_collisions" for kind in kinds)) == [2, 1, 1, 2]
    assert figures(log, "collisions", "success", "contact_speed_max") == near(6, 0, 1)


def test_the_world_s_word_on_a_collision_counts(episode: Build, straight: Way) -> None:
    events = (Event(t=0.3, kind="collision_human", other_id=0),)
    # Bodies stopped at touch: by geometry there is no overlap.
    log = episode(straight((0, 0), (0.4, 0), 5), [np.tile((1.0, 0.0), (5, 1))], events=events)
    assert figures(log, "human_collisions", "success") == [1.0, 0.0]


def test_a_collision_with_nobody_knows_whom_is_one_with_the_nearest(
    episode: Build, straight: Way, standing: Way
) -> None:
    people = [standing((9, 9), 5), standing((1.0, 0.0), 5)]
    events = (Event(t=0.3, kind="collision_human"),)
    log = episode(straight((0, 0), (0.4, 0), 5), people, events=events, goal=(0.4, 0), pos_tol=0.05)
    assert figures(log, "human_collisions", "success") == [1.0, 0.0]
    assert series(log)["human_contact"].sum(axis=0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("robot", "person", "blamed"),
    [(1.0, 0.0, "robot"), (0.0, 1.0, "human"), (0.5, 0.52, "both"), (0.4, 1.0, "human")],
)
def test_fault_is_with_who_went_faster_at_the_other(
    episode: Build, robot: float, person: float, blamed: str
) -> None:
    t = np.arange(21) * 0.1
    way = np.stack([robot * t, 0 * t], axis=1)
    walk = np.stack([0.61 + 0.4 - person * t, 0 * t], axis=1)
    log = episode(way, [walk])
    found = figures(log, *(f"collisions_fault_{who}" for who in ("robot", "human", "both")))
    assert found == [float(who == blamed) for who in ("robot", "human", "both")]
    assert figures(log, "contact_speed_max") == near(robot + person)


def test_near_misses_are_approaches_without_contact(episode: Build, standing: Way) -> None:
    far = [1.0] * 6
    gaps = [*far, 0.15, 0.1, 0.15, *far, 0.1, -0.1, *far, 0.19]
    log = episode(standing((0, 0), len(gaps)), [away_and_back(gaps)])
    assert figures(log, "near_misses@0.2", "human_collisions") == [2, 1]


def test_space_compliance_in_both_directions_and_at_every_threshold(
    episode: Build, standing: Way
) -> None:
    # Step 0 does not weigh; the others are 0.1, 0.3, 0.46, 0.5, 1.0, 1.2, 2.0, 4.0 m away.
    gaps = [0.0, 0.1, 0.3, 0.46, 0.5 + 1e-12, 1.0, 1.2 + 1e-12, 2.0, 4.0]
    log = episode(standing((0, 0), 9), [away_and_back(gaps)])
    for theta, share in ((0.2, 7 / 8), (0.45, 6 / 8), (0.5, 5 / 8), (1.2, 3 / 8)):
        found = figures(log, f"psc@{theta:g}", f"space_violation@{theta:g}")
        assert found == near(share, 1 - share)
    assert figures(log, "psc_center@1.0") == near(6 / 8)
    zones = [f"zone_{name}" for name in ("intimate", "personal", "social", "public")]
    assert figures(log, *zones) == near(2 / 8, 3 / 8, 2 / 8, 1 / 8)
    times = [f"zone_time_{name}" for name in ("intimate", "personal", "social", "public")]
    assert figures(log, *times) == near(0.2, 0.3, 0.2, 0.1)
    assert figures(log, "human_distance_avg", "nearest_distance_avg") == near(*[9.56 / 8] * 2)
    assert figures(log, "human_distance_min", "human_centre_distance_min") == near(0.0, 0.6)


def test_who_is_there_for_a_while_counts_for_a_while(episode: Build, standing: Way) -> None:
    walk = np.full((11, 2), np.nan)
    walk[6:] = (0.9, 0.0)  # 0.3 m between surfaces, in 5 of 10 intervals
    log = episode(standing((0, 0), 11), [walk])
    assert figures(log, "psc@0.2", "psc@0.5", "zone_public") == near(1.0, 0.5, 0.5)
    assert figures(log, "nearest_distance_avg", "zone_time_intimate") == near(0.3, 0.5)


NO_PEOPLE = [
    key
    for key, metric in METRICS.items()
    if "nobody is there" in metric.undefined or key.startswith(("ttc_min", "robot_resp"))
]


@pytest.mark.parametrize("key", NO_PEOPLE)
def test_without_people_a_figure_about_them_is_none(
    key: str, episode: Build, straight: Way
) -> None:
    assert score(episode(straight((0, 0), (1, 0), 11), walls=np.zeros((1, 4)) - 9))[key] is None


def test_clearance_from_walls_and_things(episode: Build, straight: Way) -> None:
    log = episode(
        straight((0, 0), (2, 0), 3),
        walls=np.array([[-5.0, 1.3, 5.0, 1.3]]),
        objects=(
            Thing(id=1, pos=np.array([2.0, -1.3]), yaw=np.asarray(np.pi / 2), length=1, width=4),
        ),
        dt=1.0,
    )
    # The wall is always 1 m away; the thing, turned, reaches from -1.8 to -0.8: 0.5 m at x >= 0.
    assert figures(log, "clearance_min", "clearance_avg") == near(0.5, 0.5)
    open_floor = episode(straight((0, 0), (2, 0), 3))
    assert figures(open_floor, "clearance_min", "clearance_avg") == [None, None]


def test_a_rectangular_robot_is_measured_from_its_sides(episode: Build, standing: Way) -> None:
    size = {"radius": math.hypot(0.5, 0.25), "footprint": (1.0, 0.5)}
    people = [np.tile(place, (3, 1)) for place in ((2.0, 0.0), (0.0, 2.0), (0.8, 0.65))]
    log = episode(standing((0, 0), 3), people, walls=np.array([[-1.0, -2, 3, -2]]), **size)
    assert figures(log, "human_distance_min", "clearance_min") == near(0.2, 1.75)
    turned = episode(standing((0, 0), 3), people[:1], yaw=np.full(3, np.pi / 2), **size)
    assert figures(turned, "human_distance_min", "human_collisions") == near(1.45, 0)
    crossed = episode(standing((0, 0), 3), walls=np.array([[0.4, -2.0, 0.4, 2.0]]), **size)
    assert figures(crossed, "wall_collisions", "clearance_min") == near(1, 0)
    table = Thing(id=1, pos=np.array([0.0, 1.0]), length=3.0, width=1.0)
    beside = episode(standing((0, 0), 3), objects=(table,), **size)
    assert figures(beside, "object_collisions", "clearance_min") == near(0, 0.25)


def test_personal_space_is_longer_ahead_than_behind(episode: Build, standing: Way) -> None:
    def cost(place: tuple[float, float], speed: float) -> float | None:
        vel = np.tile((speed, 0.0), (3, 1, 1))
        of_people = {"vel": vel, "yaw": np.zeros((3, 1))}
        log = episode(standing((0, 0), 3), [np.tile(place, (3, 1))], of_people=of_people)
        mean, most = figures(log, "personal_space_cost_avg", "personal_space_cost_max")
        assert mean == pytest.approx(most)
        return most

    assert cost((-1.0, 0.0), 1.0) == pytest.approx(math.exp(-1 / 2 / 4))  # σ 2 m ahead
    assert cost((1.0, 0.0), 1.0) == pytest.approx(math.exp(-1 / 2 / (2 / 3) ** 2))  # behind
    assert cost((0.0, 1.0), 1.0) == pytest.approx(math.exp(-1 / 2 / 0.5**2))  # beside
    assert cost((-1.0, 0.0), 0.0) == pytest.approx(math.exp(-1 / 2 / 0.5**2))  # who stands


def test_groups_have_a_space_of_their_own(episode: Build, straight: Way) -> None:
    # Three on a ring of 0.75 m, facing the middle, which is at the origin.
    turn = np.arange(3) * 2 * np.pi / 3
    ring = 0.75 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    of_people = {"group_id": np.zeros(3, int), "yaw": np.tile(turn + np.pi, (11, 1))}
    people = [np.tile(place, (11, 1)) for place in ring]
    log = episode(straight((-5, 0), (5, 0), 11), people, of_people=of_people)
    # At |x| = 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, of which the first does not weigh.
    zones = [f"group_zone_{name}" for name in ("intimate", "personal", "social", "public")]
    assert figures(log, *zones) == near(0.1, 0.2, 0.4, 0.3)
    assert figures(log, "group_intrusion@0.6") == near(0.1)
    alone = episode(straight((-5, 0), (5, 0), 11), people)
    assert figures(alone, "group_intrusion@0.6", "group_zone_intimate") == [None, None]


def test_time_to_collision_head_on(episode: Build) -> None:
    # 1 + 1 m/s from 6 m, radii 0.3 + 0.3: surfaces meet after 5.4 / 2 s.
    log = episode([(0, 0), (0.1, 0)], [[(6, 0), (5.9, 0)]])
    assert series(log)["ttc"][0, 0] == pytest.approx(2.7)
    assert figures(log, "ttc_min", "ttc_min@0.5") == near(2.6, (5.8 - 1.1) / 2)
    assert figures(log, "fear_max", "panic_max") == near(1 / 2.6, 0)
    assert figures(log, "ttc_below@1", "ttc_below@2") == [0.0, 0.0]


@pytest.mark.parametrize(
    ("person", "velocity", "expected"),
    [
        ((6.0, 0.0), (-1.0, 0.0), 2.7),
        ((6.0, 0.0), (1.0, 0.0), None),  # keeps its distance
        ((6.0, 0.0), (2.0, 0.0), None),  # walks away
        ((6.0, 0.7), (-1.0, 0.0), None),  # misses by 0.1 m
        ((6.0, 0.36), (-1.0, 0.0), (6 - 0.48) / 2),  # 0.36² + 0.48² = 0.6²
        ((0.5, 0.0), (-1.0, 0.0), 0.0),  # in contact already
        ((0.5, 0.0), (5.0, 0.0), 0.0),
    ],
)
def test_time_to_collision_of_discs(
    episode: Build, standing: Way, person: Any, velocity: Any, expected: float | None
) -> None:
    of_people = {"vel": np.tile(velocity, (2, 1, 1))}
    vel = np.tile((1.0, 0.0), (2, 1))
    log = episode(standing((0, 0), 2), [standing(person, 2)], vel=vel, of_people=of_people)
    assert figures(log, "ttc_min") == near(expected)
    fear = 0.0 if expected is None else 10.0 if expected == 0 else 1 / expected
    assert figures(log, "fear_avg") == near(fear)


@pytest.mark.parametrize("gap", [8e-16, 0.0, -8e-16])
def test_who_stands_at_touch_is_not_about_to_collide(
    gap: float, episode: Build, standing: Way
) -> None:
    closing = np.zeros((5, 1, 2))
    closing[..., 0] = -1.7e-15
    people = [standing((0.6 + gap, 0.0), 5)]
    log = episode(standing((0, 0), 5), people, of_people={"vel": closing})
    assert figures(log, "ttc_min", "ttc_below@1", "fear_max") == [None, 0.0, 0.0]


def test_panic_of_who_is_just_missed(episode: Build, standing: Way) -> None:
    of_people = {"vel": np.tile((-1.0, 0.0), (2, 1, 1))}
    vel = np.tile((1.0, 0.0), (2, 1))
    log = episode(standing((0, 0), 2), [standing((4, 3), 2)], vel=vel, of_people=of_people)
    # |C| = 5, |V| = 2, g = |C × V| = 6: 2/5 · 6 / (6 - 2 · 0.6)
    assert figures(log, "panic_max", "panic_avg", "fear_max") == near(0.5, 0.5, 0)


def test_who_resolves_a_conflict(episode: Build) -> None:
    def responsibility(robot: Any, person: Any) -> list[float | None]:
        vel = np.array([(1.0, 0.0), robot])
        of_people = {"vel": np.array([[(-1.0, 0.0)], [person]])}
        log = episode([(0, 0), (0, 0)], [[(4, 0), (4, 0)]], vel=vel, of_people=of_people)
        return figures(log, "robot_responsibility@1.2,5", "conflict_max@1.2,5")

    assert responsibility((1.0, 0.8), (-1.0, 0.0)) == near(1.0, 1.0)
    assert responsibility((1.0, 0.0), (-1.0, 0.8)) == near(0.0, 1.0)
    assert responsibility((1.0, 0.8), (-1.0, -0.8)) == near(0.5, 1.0)
    assert responsibility((1.0, 0.0), (-1.0, 0.0)) == near(None, 1.0)


def test_conflict_falls_with_the_gap_at_closest_approach(episode: Build, standing: Way) -> None:
    def conflict(aside: float, ahead: float = 4.0) -> float | None:
        vel = np.tile((1.0, 0.0), (2, 1))
        log = episode(standing((0, 0), 2), [standing((ahead, aside), 2)], vel=vel)
        return figures(log, "conflict_avg@1.2,5")[0]

    assert conflict(0.6) == pytest.approx(1.0)
    assert conflict(1.2) == pytest.approx(0.5)
    assert conflict(1.9) == pytest.approx(0.0)
    assert conflict(0.0, ahead=5.1) == pytest.approx(0.0)  # more than 5 s ahead
    assert conflict(0.0, ahead=-4.0) == pytest.approx(0.0)  # behind
