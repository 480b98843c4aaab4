"""Spaces as data, and the check every action passes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.core.spaces import action_check, space_from_data, space_to_data

SPACES = [
    spaces.Box(-1, 1, (4,), np.float32),
    spaces.Box(-np.inf, np.inf, (39,), np.float32),
    spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, np.inf]), dtype=np.float64),
    spaces.Box(0, 255, (8, 6, 3), np.uint8),
    spaces.Discrete(7),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([50, 50]),
    spaces.MultiBinary(4),
    spaces.Text(12, charset="abc "),
    spaces.Dict({"at": spaces.MultiDiscrete([50, 50]), "text": spaces.Text(5)}),
    spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (2,), np.float32)]),
]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_a_space_survives_as_json(space):
    assert space_from_data(json.loads(json.dumps(space_to_data(space)))) == space


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_samples_pass_the_check(space):
    space.seed(3)
    check = action_check(space)
    for _ in range(20):
        sample = space.sample()
        assert space.contains(sample)
        checked = check(sample)
        if isinstance(sample, np.ndarray):
            assert np.array_equal(checked, sample)
            assert checked.dtype == space.dtype


def test_a_space_without_a_data_form_is_refused():
    with pytest.raises(BadArgument, match="Graph"):
        space_to_data(spaces.Graph(spaces.Discrete(2), None))


BOX = spaces.Box(-1, 1, (2,), np.float32)
UNBOUNDED = spaces.Box(-np.inf, np.inf, (2,), np.float32)


@pytest.mark.parametrize(
    ("space", "action", "words"),
    [
        (BOX, [0.0, np.nan], "NaN or infinity"),
        (BOX, [0.0, np.inf], "NaN or infinity"),
        (UNBOUNDED, [0.0, np.inf], "NaN or infinity"),
        (UNBOUNDED, [0.0, np.nan], "NaN or infinity"),
        (BOX, [0.0, 1.5], r"dimension 1 is 1.5, outside \[-1, 1\]"),
        (BOX, [0.0], r"its shape is \(1,\), the action space has \(2,\)"),
        (BOX, [[0.0, 0.0]], "its shape is"),
        (BOX, 0.0, "its shape is"),
        (BOX, "left", "not an array"),
        (BOX, None, "NaN|not an array|shape"),
        (spaces.Discrete(4), 4, r"outside \[0, 3\]"),
        (spaces.Discrete(4), -1, r"outside \[0, 3\]"),
        (spaces.Discrete(4), 1.0, "not a whole number"),
        (spaces.Discrete(4), True, "not a whole number"),
        (spaces.Discrete(4), np.array([1]), "not a whole number"),
        (spaces.Discrete(4), "1", "not a whole number"),
        (spaces.Box(0, 9, (2,), np.int64), [1.5, 2.0], "not an array of int64"),
        (spaces.MultiDiscrete([3, 3]), np.array([1, 3]), "is not in MultiDiscrete"),
        (spaces.Text(3), "long text", "is not in Text"),
    ],
)
def test_what_lies_outside_is_refused_with_the_reason(space, action, words):
    with pytest.raises(InvalidAction, match=words):
        action_check(space)(action)


def test_zero_dimensional_arrays_are_whole_numbers():
    assert action_check(spaces.Discrete(4))(np.array(3)) == 3
