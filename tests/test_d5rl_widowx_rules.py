"""What the WidowX's tasks ask for and pay, without a world."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks import catalogue
from polyathlon.tasks.d5rl.widowx import NO_OP, WIDOWX, WIDOWX_TASKS, scene
from polyathlon.tasks.d5rl.widowx.environment import mapped_reward
from polyathlon.tasks.d5rl.widowx.goal import (
    BINS,
    CATEGORIES,
    COLOURS,
    PAIRS,
    parse_name,
    parse_pair,
    picking_goal,
    sorting_goal,
)


def test_the_body_says_what_its_numbers_mean() -> None:
    assert len(WIDOWX.action_names) == len(WIDOWX.action_units) == len(NO_OP) == 7
    assert WIDOWX.action_units == ("0.2 m/s",) * 3 + ("3 rad",) * 3 + ("1 m/s",)
    assert WIDOWX.control_hz == 20.0
    assert (WIDOWX.low, WIDOWX.high) == ((-1.0,) * 7, (1.0,) * 7)
    assert WIDOWX.frame == "base: x down, y left, z ahead"
    assert WIDOWX.gripper.startswith("+1 opens, -1 closes")


def test_there_are_eighty_steps_an_object() -> None:
    assert {task.id: task.max_episode_steps for task in WIDOWX_TASKS} == {
        "d5rl.widowx-sorting-v1": 160,
        "d5rl.widowx-pickplace-v1": 80,
        "d5rl.widowx-sorting-full-v1": 160,
        "d5rl.widowx-pickplace-full-v1": 80,
    }
    assert catalogue.find("d5rl.widowx-sorting").success_rule == "once"


def test_ten_pairs_are_mixed_as_upstream_does() -> None:
    assert tuple((i, j) for i in range(5) for j in range(i + 1, 5)) == PAIRS
    assert len(PAIRS) == 10
    assert len(COLOURS) == len(scene.PAINT) == 5


@pytest.mark.parametrize("pair", list(itertools.permutations(range(5), 2)))
def test_a_sorting_task_marks_the_shoe_in_row_0_and_the_toy_in_row_1(pair: tuple[int, int]) -> None:
    marks = sorting_goal(pair).task_id.reshape(2, 5)
    assert marks.sum() == 2
    assert (marks[0, pair[0]], marks[1, pair[1]]) == (1, 1)


@pytest.mark.parametrize(
    ("category", "place", "row", "column", "words"),
    [
        (0, 0, 0, 1, "Put the green shoe into the white bin."),
        (0, 1, 1, 1, "Put the green shoe into the black bin."),
        (1, 0, 0, 3, "Put the yellow toy into the white bin."),
        (1, 1, 1, 3, "Put the yellow toy into the black bin."),
    ],
)
def test_a_picking_task_marks_an_object_in_the_row_of_its_bin(
    category: int, place: int, row: int, column: int, words: str
) -> None:
    goal = picking_goal((1, 3), category, place)
    assert np.argwhere(goal.task_id.reshape(2, 5)).tolist() == [[row, column]]
    assert goal.instruction == words


def test_no_two_goals_share_a_task_id_and_words() -> None:
    goals = [
        *(sorting_goal(pair) for pair in itertools.permutations(range(5), 2)),
        *(
            picking_goal(pair, category, place)
            for pair in PAIRS
            for category in range(2)
            for place in range(2)
        ),
    ]
    told = {(goal.pair, *goal.task_id.tolist()) for goal in goals}
    assert len(told) == len(goals)
    assert sorting_goal((0, 4)).instruction == (
        "Put the red shoe into the white bin and the purple toy into the black bin."
    )


@pytest.mark.parametrize(("sparse", "mapped"), [(0.0, -1.0), (1.0, 10.0)])
def test_what_upstream_s_online_training_makes_of_a_reward(sparse: float, mapped: float) -> None:
    assert mapped_reward(sparse) == mapped


@pytest.mark.parametrize("wrong", [(0, 0), (0, 5), (-1, 2), (1,), (0, 1, 2), (0.5, 1), "01", 3])
def test_pairs_that_are_none(wrong: object) -> None:
    with pytest.raises(BadArgument, match="two different numbers from 0 to 4"):
        parse_pair(wrong)  # type: ignore[arg-type]


def test_names_are_numbers() -> None:
    assert [parse_name("bin", name, BINS) for name in BINS] == [0, 1]
    with pytest.raises(BadArgument, match="object is 'boot'; choose one of: shoe, toy"):
        parse_name("object", "boot", CATEGORIES)


@pytest.mark.parametrize(
    ("x", "y", "z", "found"),
    [
        (0.0, 0.0, 0.01, True),
        (0.049, 0.074, 0.01, True),
        (0.051, 0.0, 0.01, False),
        (0.0, -0.076, 0.01, False),
        (0.0, 0.0, 0.031, True),
        (0.0, 0.0, 0.033, False),
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_in_a_bin(number: int, x: float, y: float, z: float, found: bool) -> None:
    middle = scene.BIN_PLACES[number]
    place = np.array([middle[0] + x, middle[1] + y, z])
    assert scene.in_bin(place, number) is found
    assert not scene.in_bin(place, 1 - number)


def test_objects_lie_apart_in_reach_and_beside_the_bins() -> None:
    dice = np.random.default_rng(0)
    inner = scene.BIN_PLACES[1][0] - scene.BIN_HALF[0] - 2 * scene.WALL
    for _ in range(200):
        places, yaws = scene.place_objects(dice)
        assert np.linalg.norm(places[0] - places[1]) >= scene.APART
        assert (np.abs(places[:, 0]) + scene.SHOE_HALF[0] < inner + 1e-9).all()
        assert abs(abs(yaws[0]) - np.pi / 2) <= scene.ASKEW
