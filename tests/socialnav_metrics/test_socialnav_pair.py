"""Metrics of influence, of pairs with and without the robot, of legibility; and all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hand_figures import Build, Way, absent, figures, near

from polyathlon.core.errors import BadLog
from polyathlon.tasks.socialnav.force import pair_force, wall_force
from polyathlon.tasks.socialnav.log import EpisodeLog
from polyathlon.tasks.socialnav.metric import METRICS, score
from polyathlon.tasks.socialnav.metric.composite import COMPOSITES, with_successes
from polyathlon.tasks.socialnav.metric.series import SERIES, save_series, series


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
