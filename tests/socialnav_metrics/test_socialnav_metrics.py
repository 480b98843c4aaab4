"""Every metric against figures worked out by hand, defined and undefined."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadLog
from polyathlon.tasks.socialnav.force import pair_force, wall_force
from polyathlon.tasks.socialnav.log import EpisodeLog, Event, Thing
from polyathlon.tasks.socialnav.metric import METRICS, score
from polyathlon.tasks.socialnav.metric.composite import COMPOSITES, with_successes
from polyathlon.tasks.socialnav.metric.series import SERIES, save_series, series

Build = Callable[..., EpisodeLog]
Way = Callable[..., np.ndarray]


def absent(log: EpisodeLog) -> EpisodeLog:
    """The same people, and the robot far away."""
    away = dataclasses.replace(log.robot, pos=log.robot.pos + 1e5)
    return dataclasses.replace(log, robot=away)


def figures(log: EpisodeLog, *keys: str, alone: EpisodeLog | None = None) -> list[float | None]:
    found = score(log, alone)
    return [found[key] for key in keys]


def near(*values: float | None) -> Any:
    return [value if value is None else pytest.approx(value, abs=1e-9) for value in values]


# -- outcome ---------------------------------------------------------------------------------


def test_a_straight_walk_to_the_goal(episode: Build, straight: Way) -> None:
    # 1 m/s for 4 s; the goal 4.1 m away is reached within 0.2 m at 3.9 m.
    log = episode(straight((0, 0), (4, 0), 41), goal=(4.1, 0), pos_tol=0.2, v_max=2.0, mass=10.0)
    assert figures(log, "success", "success_goal", "timeout") == [1.0, 1.0, 0.0]
    assert figures(log, "time_to_goal", "path_length") == near(3.9, 3.9)
    assert figures(log, "spl", "stl", "time_ratio") == near(1.0, 2.05 / 3.9, 3.9 / 2.05)
    assert figures(log, "path_efficiency") == near(4.1 / 3.9)
    assert figures(log, "goal_distance_min", "goal_distance_final") == near(0.2, 0.2)
    assert figures(log, "cumulative_heading_change", "excess_turning") == near(0.0, 0.0)
    assert figures(log, "path_irregularity", "curvature_avg") == near(0.0, 0.0)
    assert figures(log, "speed_min", "speed_avg", "speed_max", "speed_p95") == near(1, 1, 1, 1)
    assert figures(log, "accel_max", "jerk_max", "energy", "effort") == near(0, 0, 0, 0)
    assert figures(log, "stalled_time@0.05", "longest_stall@0.05") == [0.0, 0.0]


def test_a_robot_that_stands(episode: Build, standing: Way) -> None:
    log = episode(standing((0, 0), 121), goal=(5, 0))
    assert figures(log, "success", "success_goal", "time_to_goal") == [0.0, 0.0, None]
    assert figures(log, "stalled_time@0.05", "stalled_time@0.01,0.02") == near(12.0, 12.0)
    assert figures(log, "longest_stall@0.05", "path_length", "spl") == near(12.0, 0.0, 0.0)
    # 12 s hold two whole windows of 5 s.
    assert figures(log, "failure_to_progress@5,0.1") == [2.0]
    assert figures(log, "path_irregularity", "angle_over_length", "roughness_avg") == [None] * 3


def test_a_detour_costs_spl_and_turns(episode: Build) -> None:
    # Two sides of a right triangle: 3 m and 4 m, in place of 5 m.
    way = np.concatenate([np.linspace((0, 0), (3, 0), 31), np.linspace((3, 0.1), (3, 4), 40)])
    log = episode(way, goal=(3, 4), pos_tol=1e-6, v_max=1.0)
    assert figures(log, "path_length", "spl", "path_efficiency") == near(7.0, 5 / 7, 5 / 7)
    assert figures(log, "stl") == near(5 / 7)
    assert figures(log, "excess_turning", "path_irregularity") == near(math.pi / 2, math.pi / 14)
    assert figures(log, "angle_over_length") == near(math.pi / 14)
    # One corner among 69: legs of 0.1 m at a right angle have a Menger curvature of √2 / 0.1.
    assert figures(log, "curvature_avg") == near(2 / math.hypot(0.1, 0.1) / 69)
    assert figures(log, "curvature_normalised_avg") == near(0.4 / math.hypot(0.1, 0.1) / 69)
    assert figures(log, "roughness_avg") == near(0.01 / 0.02 / 69)


def test_the_shortest_way_leads_round_walls(episode: Build, straight: Way) -> None:
    wall = np.array([[0.0, -1.0, 0.0, 0.0]])
    log = episode(straight((-2, -0.5), (2, -0.5), 41), goal=(2, -0.5), walls=wall, pos_tol=1e-6)
    # Two tangents to a circle of 0.3 m about either end of the wall, and the arc between them.
    away = math.hypot(2, 0.5)
    arc = math.pi + 2 * math.atan(0.25) - 2 * math.acos(0.3 / away)
    length = 2 * math.sqrt(away**2 - 0.3**2) + 0.3 * arc
    assert figures(log, "wall_collisions", "success", "success_goal") == [1.0, 0.0, 1.0]
    assert figures(log, "path_efficiency") == near(length / 4)


def test_a_goal_with_a_heading_is_reached_when_both_fit(episode: Build, standing: Way) -> None:
    yaw = np.linspace(0, math.pi, 11)
    turned = {"goal_yaw": -math.pi, "yaw_tol": 0.4}
    log = episode(standing((1, 0), 11), goal=(1, 0), yaw=yaw, omega=np.full(11, 3.0), **turned)
    # Nine tenths of half a turn are within 0.4 rad of it, the other way round included.
    assert figures(log, "time_to_goal", "cumulative_heading_change") == near(0.9, 0.9 * math.pi)
    assert figures(log, "stalled_time@0.05", "stalled_time@0.01,0.02") == near(0.9, 0.0)


@pytest.mark.parametrize(
    ("events", "meta", "expected"),
    [
        ((), {}, [0.0, 0.0, None]),
        ((), {"time_limit": 1.0}, [0.0, 0.0, 1.0]),
        ((), {"time_limit": 9.0}, [0.0, 0.0, 0.0]),
        ((Event(t=1.0, kind="timeout"),), {}, [0.0, 0.0, 1.0]),
        ((Event(t=1.0, kind="out_of_map"),), {}, [0.0, 0.0, 0.0]),
        ((Event(t=1.0, kind="collision_wall"),), {}, [0.0, 0.0, 0.0]),
        ((Event(t=0.5, kind="goal"),), {}, [1.0, 1.0, 0.0]),
        ((Event(t=0.2, kind="collision_wall"), Event(t=0.5, kind="goal")), {}, [0.0, 1.0, 0.0]),
    ],
)
def test_how_an_episode_ends(
    episode: Build, straight: Way, events: Any, meta: Any, expected: Any
) -> None:
    log = episode(straight((0, 0), (1, 0), 11), events=events, meta=meta)
    assert figures(log, "success", "success_goal", "timeout") == expected


def test_following_is_judged_by_the_world_alone(episode: Build, straight: Way) -> None:
    way = straight((0, 0), (1, 0), 11)
    unjudged = episode(way, goal=(1, 0), kind="follow")
    keys = ("success", "spl", "timeout", "path_irregularity", "failure_to_progress@5,0.1")
    assert figures(unjudged, *keys) == [None] * 5
    judged = episode(way, goal=(1, 0), kind="follow", events=(Event(t=1.0, kind="goal"),))
    assert figures(judged, "success", "spl") == [1.0, None]


def test_start_at_the_goal_has_no_spl(episode: Build, standing: Way) -> None:
    log = episode(standing((0, 0), 5), goal=(0, 0), v_max=1.0)
    keys = ("success", "time_to_goal", "spl", "stl", "psc@0.5", "speed_avg")
    assert figures(log, *keys) == [1.0, 0.0, None, None, None, None]


def test_time_of_another_robot(episode: Build, straight: Way) -> None:
    log = episode(straight((0, 0), (2, 0), 21), goal=(2, 0), meta={"reference_time": 1.0})
    reached = score(log)["time_to_goal"]
    assert reached is not None
    assert figures(log, "stl_reference") == near(1.0 / reached)
    with pytest.raises(BadLog, match=r"meta.reference_time: 'soon' is not a positive number"):
        score(episode(straight((0, 0), (2, 0), 21), meta={"reference_time": "soon"}))


def test_aggregated_time(episode: Build, straight: Way) -> None:
    way, walk = straight((0, 0), (2, 0), 21), straight((0, 3), (2, 3), 21)

    def aggregated(reached: float) -> list[float | None]:
        of_people = {"goal": np.array([[2.0, 3.0]]), "reached_t": np.array([reached])}
        log = episode(way, [walk], goal=(2, 0), pos_tol=1e-6, of_people=of_people)
        return figures(log, "at_max", "at_sum")

    assert aggregated(1.5) == near(2.0, 3.5)
    assert aggregated(np.nan) == [None, None]
    nobody_asked = episode(way, [walk], goal=(2, 0), pos_tol=1e-6)
    assert figures(nobody_asked, "at_max", "at_sum") == [None, None]


# -- motion ----------------------------------------------------------------------------------


def test_acceleration_and_jerk_leave_out_the_first_samples(episode: Build) -> None:
    t = np.arange(8) * 0.5
    speed = np.array([9.0, 0, 1, 2, 4, 4, 2, 2])  # the first is made up, as loggers do
    vel = np.stack([speed, 0 * speed], axis=1)
    log = episode(np.zeros((8, 2)), t=t, vel=vel, mass=2.0)
    # Accelerations at steps 3 to 7: 2, 4, 0, -4, 0; jerks at steps 4 to 7: 4, -8, -8, 8.
    assert figures(log, "accel_min", "accel_avg", "accel_max") == near(0, 2, 4)
    assert figures(log, "speed_change_min", "speed_change_max") == near(-4, 4)
    assert figures(log, "jerk_min", "jerk_avg", "jerk_max") == near(4, 7, 8)
    assert figures(log, "accel_p95") == near(np.quantile([2, 4, 0, 4, 0], 0.95))
    assert figures(log, "speed_avg", "speed_min") == near(15 / 7, 0)
    # Σ m |a v| Δt over all steps: 2 (0 + 2·1 + 2·2 + 4·4 + 0 + 4·2 + 0) 0.5
    assert figures(log, "energy", "effort") == near(30, 9 + 1 + 1 + 2 + 0 + 2)


def test_means_are_weighted_by_time(episode: Build) -> None:
    vel = np.array([[0.0, 0], [1, 0], [4, 0]])
    log = episode(np.zeros((3, 2)), t=[0, 1, 1.5], vel=vel)
    assert figures(log, "speed_avg") == near((1 * 1 + 4 * 0.5) / 1.5)


def test_driving_backwards_is_seen(episode: Build, straight: Way) -> None:
    log = episode(straight((0, 0), (-1, 0), 11))
    assert figures(log, "forward_speed_min", "forward_speed_max", "speed_min") == near(-1, -1, 1)


@pytest.mark.parametrize(("steps", "defined"), [(1, 0), (2, 2), (3, 2), (4, 4), (5, 5), (6, 5)])
def test_short_logs(episode: Build, straight: Way, steps: int, defined: int) -> None:
    log = episode(straight((0, 0), (1, 0), steps))
    keys = ("speed_avg", "forward_speed_avg", "accel_avg", "speed_change_avg", "jerk_avg")
    assert sum(value is not None for value in figures(log, *keys)) == defined


# -- contact ---------------------------------------------------------------------------------


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


# -- space -----------------------------------------------------------------------------------


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


# -- anticipation ----------------------------------------------------------------------------


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


# -- influence -------------------------------------------------------------------------------


def test_social_force_is_helbing_s_over_time(episode: Build, standing: Way) -> None:
    people = [standing((0.8, 0), 3), standing((0, 0.9), 3)]
    walls = np.array([[-1.0, -0.5, 1.0, -0.5]])
    log = episode(standing((0, 0), 3), people, walls=walls, dt=0.5)
    one = 2000 * math.exp((0.6 - 0.8) / 0.08)
    two = 2000 * math.exp((0.6 - 0.9) / 0.08)
    wall = 2000 * math.exp((0.3 - 0.5) / 0.08)
    assert figures(log, "social_force_on_agents") == near(one + two)
    assert figures(log, "social_force_on_robot") == near(math.hypot(one, two))
    assert figures(log, "obstacle_force_on_robot") == near(wall)
    assert figures(log, "social_work") == near(one + two + math.hypot(one, two) + wall)


def test_forces_of_walls_and_things_are_those_of_the_law(something_of_everything: Build) -> None:
    from polyathlon.tasks.socialnav.metric import geometry, influence
    from polyathlon.tasks.socialnav.metric.reading import Reading

    log = something_of_everything()
    reading = Reading(log)
    box, post = log.objects
    edges = geometry.rectangle_edges(box.pos[0], box.yaw[0], box.length, box.width)
    body = (reading.robot_pos, reading.robot_vel, 0.3)
    expected = wall_force(*body, np.concatenate([log.walls, edges]))
    expected = expected + pair_force(*body, post.pos[: reading.n], 0 * reading.robot_vel, 0.3)
    found = influence.walls_on_robot(reading)
    np.testing.assert_allclose(found, np.hypot(*expected.T), rtol=1e-6, atol=1e-6)


# -- against the same seed without the robot ----------------------------------------------------


def test_what_the_robot_costs_people(episode: Build, straight: Way, standing: Way) -> None:
    def played(walk: np.ndarray, reached: float) -> EpisodeLog:
        of_people = {"reached_t": np.array([reached])}
        return episode(standing((9, 9), 41), [walk], of_people=of_people, meta={"seed": 4})

    free = absent(played(straight((0, 0), (4, 0), 41), 4.0))
    slowed = np.concatenate([standing((0, 0), 20), straight((0, 0), (2, 0), 21)])
    log = played(slowed, 4.0)
    keys = ("human_delay", "human_path_excess", "human_speed_loss")
    assert figures(log, *keys) == [None, None, None]
    assert figures(log, *keys, alone=free) == near(0.0, -2.0, 0.5)
    late = played(slowed, np.nan)
    assert figures(late, *keys, alone=free) == near(None, None, 0.5)
    early = absent(played(straight((0, 0), (4, 0), 41), 3.0))
    assert figures(log, "human_delay", alone=early) == near(1.0)


def test_a_pair_must_belong_together(episode: Build, standing: Way) -> None:
    way, walk = standing((9, 9), 3), standing((0, 0), 3)
    log = episode(way, [walk], meta={"seed": 4})
    with pytest.raises(BadLog, match=r"meta.seed: 4 with the robot, 5 without"):
        score(log, episode(way, [walk], meta={"seed": 5}))
    with pytest.raises(BadLog, match=r"t: 3 steps in 0.2 s with the robot, 2 in 0.1 s without"):
        score(log, episode(way[:2], [walk[:2]], meta={"seed": 4}))
    stranger = episode(way + 1e5, [walk], meta={"seed": 4}, of_people={"id": np.array([8])})
    with pytest.raises(BadLog, match=r"humans.id: the log without the robot knows none"):
        score(log, stranger)


# -- legibility --------------------------------------------------------------------------------


def test_legibility_grows_with_an_early_bend(episode: Build) -> None:
    goals = np.array([(4.0, 1.0), (4.0, -1.0)])
    t = np.linspace(0, 1, 41)

    def way(power: float) -> np.ndarray:
        return np.stack([4 * t, t**power], axis=1)

    def legible(power: float, candidates: np.ndarray = goals) -> list[float | None]:
        log = episode(way(power), goal=goals[0], candidates=candidates, pos_tol=1e-6)
        return figures(log, "legibility", "predictability")

    straight, early, late = legible(1.0), legible(0.5), legible(3.0)
    assert late[0] < 0.5 + 0.2  # type: ignore[operator]
    assert late[0] < straight[0] < early[0] <= 1  # type: ignore[operator]
    assert straight[1] == pytest.approx(1.0)
    assert early[1] < 1  # type: ignore[operator]
    assert legible(1.0, goals[:1])[0] is None
    assert legible(1.0, np.zeros((0, 2))) == [None, None]


def test_legibility_in_closed_form(episode: Build) -> None:
    # One step: P = e^g / (e^g + e^h) with g and h what the step gained on either goal.
    log = episode([(0, 0), (1, 0)], goal=(3, 0), candidates=np.array([(3.0, 0), (-3.0, 0)]))
    assert figures(log, "legibility") == near(math.exp(1) / (math.exp(1) + math.exp(-1)))


# -- all of them -------------------------------------------------------------------------------


def test_every_figure_lies_in_its_declared_range(something_of_everything: Build) -> None:
    for seed in range(6):
        log = something_of_everything(seed)
        for key, value in score(log, absent(log)).items():
            metric = METRICS[key]
            if value is None:
                assert metric.undefined, f"{key} is never None, it says"
                continue
            assert type(value) is float, key
            assert math.isfinite(value), key
            assert metric.low is None or value >= metric.low - 1e-12, (key, value)
            assert metric.high is None or value <= metric.high + 1e-12, (key, value)
            assert not metric.share or value in (0.0, 1.0), key


def test_every_threshold_of_the_declarations_is_in_the_key() -> None:
    for key, metric in METRICS.items():
        assert key == metric.key
        assert all(
            name in ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8") for name in metric.principles
        )
        if key.startswith(("psc", "space_violation", "near_misses", "stalled", "failure")):
            assert "@" in key


def test_step_series_are_what_is_reduced(tmp_path: Any, something_of_everything: Build) -> None:
    log = something_of_everything()
    found = series(log)
    assert list(found) == [one.key for one in SERIES]
    for one in SERIES:
        assert found[one.key].shape[1:] == ((4,) if one.shape == "T, H" else ()), one.key
    values = score(log)
    weight = np.diff(found["t"], prepend=found["t"][0])
    nearest = np.fmin.reduce(found["human_distance"], axis=1)
    assert values["psc@0.5"] == pytest.approx(((nearest >= 0.5) * weight).sum() / weight.sum())
    assert values["ttc_min"] == pytest.approx(np.nanmin(found["ttc"]))
    assert values["human_distance_min"] == np.nanmin(found["human_swept_distance"])
    assert values["jerk_max"] == pytest.approx(np.nanmax(found["jerk"][4:]))
    save_series(tmp_path / "steps.npz", log)
    with np.load(tmp_path / "steps.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["ttc"], found["ttc"])
        assert stored["human_id"].tolist() == [0, 1, 2, 3]


def test_composites_are_those_of_the_challenges_and_named_so() -> None:
    igibson, robosense = COMPOSITES
    means = {"stl": 0.4, "psc@0.5": 0.8, "success": 0.5, "spl": 0.4, "psc_center@1.0": 0.9}
    assert igibson.of(means) == pytest.approx(0.6)
    assert robosense.of(means) == pytest.approx(0.4 * 0.5 + 0.3 * 0.4 + 0.3 * 0.9)
    assert igibson.of({"stl": None, "psc@0.5": 1.0}) is None


def test_means_over_successes_leave_failures_out() -> None:
    keys = ("time_to_goal",)
    won = with_successes({"success": 1.0, "time_to_goal": 3.0}, keys)
    hit = with_successes({"success": 0.0, "time_to_goal": 3.0}, keys)
    assert (won["time_to_goal_succ"], hit["time_to_goal_succ"]) == (3.0, None)
