"""The social force law against hand-computed cases."""

import math

import numpy as np
import pytest

from polyathlon.tasks.socialnav.force import (
    HELBING_2000,
    ForceLaw,
    crowd_force,
    nearest_on_segment,
    pair_force,
    wall_force,
)

STILL = (0.0, 0.0)


@pytest.mark.parametrize(
    ("gap", "newtons"),
    [
        (0.0, 2000.0),
        (0.08, 2000.0 / math.e),
        (0.16, 2000.0 / math.e**2),
        (-0.01, 2000.0 * math.exp(0.125) + 1.2e5 * 0.01),
        (3.39, 2000.0 * math.exp(-3.39 / 0.08)),  # centres 3.99 m apart
        (3.41, 0.0),  # 4.01 m: beyond the cut-off
    ],
)
def test_push_by_gap(gap: float, newtons: float) -> None:
    force = pair_force((0.6 + gap, 0.0), STILL, 0.3, (0.0, 0.0), STILL, 0.3)
    assert force == pytest.approx([newtons, 0.0], rel=1e-9, abs=1e-30)


def test_friction_is_along_the_tangent_and_only_in_touch() -> None:
    touching = pair_force((0.58, 0.0), STILL, 0.3, (0.0, 0.0), (0.0, 1.0), 0.3)
    assert touching[1] == pytest.approx(2.4e5 * 0.02 * 1.0)
    apart = pair_force((0.62, 0.0), STILL, 0.3, (0.0, 0.0), (0.0, 1.0), 0.3)
    assert apart[1] == 0.0
    head_on = pair_force((0.58, 0.0), STILL, 0.3, (0.0, 0.0), (1.0, 0.0), 0.3)
    assert head_on[1] == 0.0


def test_action_is_reaction() -> None:
    dice = np.random.default_rng(0)
    one, other = dice.uniform(-1, 1, (50, 2)), dice.uniform(-1, 1, (50, 2))
    fast, slow = dice.normal(size=(50, 2)), dice.normal(size=(50, 2))
    there = pair_force(one, fast, 0.3, other, slow, 0.25)
    back = pair_force(other, slow, 0.25, one, fast, 0.3)
    np.testing.assert_allclose(there, -back, rtol=1e-12)


def test_same_place_gives_no_direction() -> None:
    assert pair_force(STILL, STILL, 0.3, STILL, STILL, 0.3).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("place", "nearest"),
    [((1.0, 0.5), (1.0, 0.0)), ((-1.0, 1.0), (0.0, 0.0)), ((5.0, -1.0), (2.0, 0.0))],
)
def test_nearest_point_of_a_segment(place: tuple[float, ...], nearest: tuple[float, ...]) -> None:
    assert nearest_on_segment(place, (0.0, 0.0, 2.0, 0.0)).tolist() == list(nearest)
    assert nearest_on_segment(place, (2.0, 1.0, 2.0, 1.0)).tolist() == [2.0, 1.0]


def test_a_wall_pushes_back_and_brakes() -> None:
    wall = [(-5.0, 0.0, 5.0, 0.0)]
    assert wall_force((0.0, 0.38), STILL, 0.3, wall) == pytest.approx([0.0, 2000.0 / math.e])
    sliding = wall_force((0.0, 0.29), (1.0, 0.0), 0.3, wall)
    assert sliding[0] == pytest.approx(-2.4e5 * 0.01)
    assert sliding[1] == pytest.approx(2000 * math.exp(0.125) + 1.2e5 * 0.01)
    assert wall_force((0.0, 0.5), STILL, 0.3, np.zeros((0, 4))).tolist() == [0.0, 0.0]


def test_crowd_is_the_sum_of_its_pairs_and_walls() -> None:
    dice = np.random.default_rng(1)
    place, speed = dice.uniform(-2, 2, (9, 2)), dice.normal(size=(9, 2))
    radius = dice.uniform(0.2, 0.4, 9)
    walls = np.array([[-3.0, -2.0, 3.0, -2.0], [2.5, -2.0, 2.5, 2.0]])
    found = crowd_force(place, speed, radius, walls, pushed=8)
    assert found.shape == (8, 2)
    for one in range(8):
        due = wall_force(place[one], speed[one], radius[one], walls)
        for other in set(range(9)) - {one}:
            due += pair_force(
                place[one], speed[one], radius[one], place[other], speed[other], radius[other]
            )
        np.testing.assert_allclose(found[one], due, rtol=1e-12)


def test_series_of_steps_broadcast() -> None:
    steps = np.linspace(2.0, 0.7, 14)[:, None] * np.array([1.0, 0.0])
    humans = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    force = pair_force(humans[None], 0.0 * humans[None], 0.3, steps[:, None], (0.0, 0.0), 0.3)
    assert force.shape == (14, 3, 2)
    size = np.linalg.norm(force, axis=-1)
    assert (np.diff(size[:, 0]) > 0).all()
    assert (size[:, 2] == 0).all()


def test_other_constants() -> None:
    weak = ForceLaw(strength=2.0, reach=1.0)
    assert pair_force((1.6, 0.0), STILL, 0.3, STILL, STILL, 0.3, weak)[0] == pytest.approx(
        2 / math.e
    )
    assert HELBING_2000.mass == 80.0
