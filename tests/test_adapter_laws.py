"""What holds for every adapter and every body: decode is total, encode its right inverse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters import DIALECTS
from polyathlon.core.errors import BadArgument, DecodeError, InvalidAction
from polyathlon.core.specs import Embodiment
from polyathlon.tasks.catalogue import all_tasks

TRAINED = {"vq", "rvq", "fast", "spoken"}
"""Adapters whose laws are tested where they are trained."""

TOYS = (
    Embodiment(
        id="toy-arm",
        kind="continuous",
        action_names=("x", "y", "turn", "fixed", "lift", "wrist", "gripper"),
        action_units=("m/s", "m/s", "rad", "1", "mm", "rad", "1"),
        low=(-0.3, 0.0, -3.14159, 2.5, -1000.0, 1e-3, -1.0),
        high=(0.7, 1.0, 3.14159, 2.5, 250.0, 2e-3, 1.0),
    ),
    Embodiment(
        id="toy-keys", kind="discrete", action_names=("open", "open it", "go", "open it up")
    ),
    Embodiment(id="toy-button", kind="discrete", action_names=("press",)),
)
"""Uneven ranges, a constant dimension, names that begin others, and a body of one action."""


def bodies() -> dict[str, Embodiment]:
    """Every body of the tasks registered, and the toys, by id."""
    known = {task.embodiment.id: task.embodiment for task in all_tasks().values()}
    return known | {toy.id: toy for toy in TOYS}


def space_of(body: Embodiment) -> spaces.Space[Any]:
    if body.kind == "discrete":
        return spaces.Discrete(len(body.action_names))
    return spaces.Box(np.float32(body.low), np.float32(body.high), dtype=np.float32)


def make(dialect: str, body: Embodiment) -> Any:
    """The adapter for a body, fitted on even draws where it learns."""
    space, adapter = space_of(body), DIALECTS[dialect]
    if not hasattr(adapter, "fit"):
        return adapter(space, body)
    space.seed(7)
    drawn = np.stack([space.sample() for _ in range(600)] + [space.low, space.high])
    return adapter.fit(drawn, space, body)


def cases() -> Iterator[tuple[str, str]]:
    for dialect in sorted(set(DIALECTS) - TRAINED):
        kinds = getattr(DIALECTS[dialect], "kinds", ("continuous", "discrete"))
        for body in bodies().values():
            if body.kind in kinds:
                yield dialect, body.id


@pytest.fixture(scope="module", params=list(cases()), ids="-".join)
def adapter(request: pytest.FixtureRequest) -> Any:
    dialect, body = request.param
    return make(dialect, bodies()[body])


def uttered(adapter: Any, count: int = 200) -> list[Any]:
    adapter.agent_space.seed(0)
    return [adapter.agent_space.sample() for _ in range(count)]


def actions(adapter: Any, count: int = 200) -> list[Any]:
    adapter.env_space.seed(1)
    drawn = [adapter.env_space.sample() for _ in range(count)]
    if isinstance(adapter.env_space, spaces.Box):
        drawn += [adapter.env_space.low, adapter.env_space.high]
    return drawn


def same(adapter: Any, one: Any, other: Any) -> bool:
    """Equal; for numbers, up to the rounding of an affine map."""
    if isinstance(adapter.agent_space, spaces.Box):
        return bool(np.allclose(one, other, rtol=1e-5, atol=2e-6))
    return bool(np.array_equal(one, other))


def test_every_body_of_every_task_is_spoken_to() -> None:
    spoken = {body for _, body in cases()}
    bodies = {task.embodiment.id: task.embodiment for task in all_tasks().values()}
    # What takes commands in writing needs nobody to translate them.
    assert {name for name, body in bodies.items() if body.kind != "text"} <= spoken
    assert {dialect for dialect, _ in cases()} == set(DIALECTS) - TRAINED


def test_decode_is_total_on_the_agents_space(adapter: Any) -> None:
    for one in uttered(adapter):
        assert adapter.env_space.contains(adapter.decode(one))


def test_a_round_trip_stays_within_the_resolution(adapter: Any) -> None:
    for action in actions(adapter):
        back = np.asarray(adapter.decode(adapter.encode(action)), float)
        assert np.all(np.abs(back - action) <= np.asarray(adapter.resolution))


def test_encode_after_decode_is_the_identity(adapter: Any) -> None:
    for one in uttered(adapter):
        again = adapter.encode(adapter.decode(one))
        assert same(adapter, again, one)
        assert adapter.agent_space.contains(again)


def test_every_code_comes_back(adapter: Any) -> None:
    space = adapter.agent_space
    if isinstance(space, spaces.MultiDiscrete):
        codes = np.minimum(np.arange(space.nvec.max())[:, None], space.nvec - 1)
    elif isinstance(space, spaces.Box):
        codes = np.stack([space.low, space.high])
    else:
        codes = adapter.encode(np.arange(adapter.env_space.n))
    assert same(adapter, adapter.encode(adapter.decode(codes)), codes)


def test_axis_0_is_kept(adapter: Any) -> None:
    order = np.random.default_rng(3).permutation(60)
    said, done = np.stack(uttered(adapter, 60)), np.stack(actions(adapter, 60)[:60])
    assert np.array_equal(adapter.decode(said)[order], adapter.decode(said[order]))
    assert np.array_equal(adapter.encode(done)[order], adapter.encode(done[order]))
    one_by_one = np.stack([adapter.decode(one) for one in said])
    assert np.array_equal(adapter.decode(said), one_by_one)
    assert np.array_equal(adapter.encode(done), np.stack([adapter.encode(one) for one in done]))


def test_any_leading_axes_are_batch(adapter: Any) -> None:
    said = np.stack(uttered(adapter, 12))
    deep = adapter.decode(said.reshape(2, 3, 2, *said.shape[1:]))
    assert np.array_equal(deep.reshape(12, *deep.shape[3:]), adapter.decode(said))
    done = np.stack(actions(adapter, 12)[:12])
    deep = adapter.encode(done.reshape(3, 4, *done.shape[1:]))
    assert np.array_equal(deep.reshape(12, *deep.shape[2:]), adapter.encode(done))
    assert len(adapter.encode(done[:0])) == len(adapter.decode(said[:0])) == 0


@pytest.mark.parametrize("wrong", [None, "left", [[1], [1, 2]], np.nan, [0.5j]], ids=repr)
def test_what_is_no_utterance_and_no_action_is_told_apart(adapter: Any, wrong: Any) -> None:
    if type(adapter).__name__ == "NativeAdapter":
        assert adapter.decode(wrong) is wrong
        return
    with pytest.raises(DecodeError):
        adapter.decode(wrong)
    with pytest.raises(InvalidAction):
        adapter.encode(wrong)


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - TRAINED - {"native"}))
def test_a_space_that_does_not_fit_is_refused(dialect: str) -> None:
    adapter = DIALECTS[dialect]
    arm, keys = TOYS[0], TOYS[1]
    pairs = [(spaces.MultiBinary(3), keys), (spaces.Discrete(4), arm), (space_of(arm), keys)]
    pairs += [(spaces.Box(-1, 1, (2, 2)), arm), (spaces.Box(-5000, 5000, (3,)), arm)]
    for space, body in pairs:
        with pytest.raises(BadArgument):
            adapter.fit(np.zeros((3, 7)), space, body) if hasattr(adapter, "fit") else adapter(
                space, body
            )
