"""What the robots' worlds take as an action, and what of it."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import InvalidAction
from polyathlon.tasks import catalogue
from polyathlon.tasks.d5rl.action import limited

WORLDS = (
    "a1-walk-v1",
    "a1-hiking-v1",
    "adroit-door-v1",
    "kitchen-standard-v1",
    "widowx-sorting-v1",
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gymnasium_robotics") is None, reason="needs the extra d5rl"
)


@pytest.fixture(params=WORLDS, scope="module")
def world(request: pytest.FixtureRequest) -> Any:
    env = catalogue.build(catalogue.find(f"d5rl.{request.param}"), observations=("state",))
    yield env
    env.close()


def after(env: Any, actions: np.ndarray) -> np.ndarray:
    """What the world shows after some actions from a seed."""
    env.reset(seed=0)
    return np.stack([env.unwrapped.step(action)[0]["state"] for action in actions])


def test_beyond_the_ends_is_at_the_ends(world: Any) -> None:
    dice = np.random.default_rng(0)
    wild = dice.uniform(-3, 3, (4, *world.action_space.shape)).astype(np.float32)
    assert (np.abs(wild) > 1).any(axis=1).all()
    assert np.array_equal(after(world, wild), after(world, wild.clip(-1, 1)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, "fast", None, [[1.0], [1.0, 2.0]]], ids=repr)
def test_what_is_no_action_is_refused(world: Any, wrong: object) -> None:
    size = world.action_space.shape[0]
    world.reset(seed=0)
    for action in (wrong, [0.0] * (size - 1) + [wrong], np.zeros(size + 1), np.zeros((1, size))):
        with pytest.raises(InvalidAction, match=f"takes {size} finite numbers, not"):
            world.unwrapped.step(action)


def test_whole_numbers_are_numbers() -> None:
    assert limited([2, 0, -7], 3, "it").tolist() == [1.0, 0.0, -1.0]
    with pytest.raises(InvalidAction, match="it takes 3 finite numbers"):
        limited([True, False, True], 3, "it")
