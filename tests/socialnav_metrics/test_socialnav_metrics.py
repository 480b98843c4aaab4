"""Every metric against figures worked out by hand, defined and undefined."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hand_figures import Build, Way, figures, near

from polyathlon.core.errors import BadLog
from polyathlon.tasks.socialnav.log import Event
from polyathlon.tasks.socialnav.metric import score

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
