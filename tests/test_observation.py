"""The observation's fields, sizes and words, alone and in Gymnasium's vectors."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv

from polyathlon.core.errors import BadArgument
from polyathlon.core.spaces import space_from_data, space_to_data
from polyathlon.core.specs import FIELDS, USUAL_FIELDS, TaskSpec
from polyathlon.tasks import catalogue
from polyathlon.tasks.observation import (
    DEPTH_REACH,
    Instruction,
    observation_space,
    parse_fields,
    parse_image_size,
    resize,
)


def test_fields_come_in_canonical_order():
    assert parse_fields(["instruction", "rgb"], ["rgb", "instruction"], "toy") == (
        "rgb",
        "instruction",
    )
    assert parse_fields("rgb", ["rgb", "instruction"], "toy") == ("rgb",)


def test_every_field_has_a_space():
    state = spaces.Box(-1, 1, (5,), np.float32)
    found = observation_space(FIELDS, (24, 32), state, lidar=(360, 8.0))
    assert set(found.spaces) == set(FIELDS)
    assert found["depth"] == spaces.Box(0.0, DEPTH_REACH, (24, 32), np.float32)
    assert found["lidar"] == spaces.Box(0.0, 8.0, (360,), np.float32)
    assert parse_fields(reversed(FIELDS), FIELDS, "toy") == FIELDS


def test_senses_that_came_later_change_no_declaration():
    """Digests are taken over declarations: what is left out means what it always meant."""
    fields = {field.name: field.default for field in msgspec.structs.fields(TaskSpec)}
    assert fields["observations"] == fields["default_observations"] == USUAL_FIELDS
    assert USUAL_FIELDS == ("rgb", "state", "instruction")
    assert set(USUAL_FIELDS) < set(FIELDS)


@pytest.mark.parametrize("requested", [[], ["depth"], ["rgb", "state"]])
def test_fields_that_are_not_offered(requested):
    with pytest.raises(BadArgument, match="offer the observations rgb, instruction"):
        parse_fields(requested, ["rgb", "instruction"], "toy")


def test_image_sizes():
    assert parse_image_size(84) == (84, 84)
    assert parse_image_size((210, 160)) == (210, 160)


@pytest.mark.parametrize("size", [0, 7, 4096, (8,), (8, 8, 8), (64.0, 64), "64"])
def test_image_sizes_that_make_no_sense(size):
    with pytest.raises(BadArgument, match="image_size"):
        parse_image_size(size)


def test_shrinking_averages_and_growing_repeats():
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, :2] = 200
    image[0, 0] = 0
    assert resize(image, (2, 2))[0, 0].tolist() == [150, 150, 150]
    assert np.array_equal(resize(image, (8, 8))[::2, ::2], image)
    assert not np.shares_memory(resize(image, (4, 4)), image)


def test_an_instruction_is_text_that_crosses_processes_as_data():
    space = Instruction()
    assert isinstance(space, spaces.Text)
    assert space_from_data(space_to_data(space)) == spaces.Text(
        space.max_length, min_length=0, charset=space.character_set
    )


@pytest.mark.parametrize("shared_memory", [True, False])
def test_a_vector_of_processes_hands_out_the_words_of_the_episode(shared_memory):
    """Gymnasium by itself hands out an empty text for ever where memory is shared."""
    task = catalogue.find("babyai.go-to-obj")
    make = [lambda: catalogue.build(task, observations=("instruction",))] * 2
    alone = make[0]()
    envs = AsyncVectorEnv(make, shared_memory=shared_memory, context="spawn")
    try:
        missions = set()
        for seed in (3, 4):
            observation, _ = envs.reset(seed=seed)
            wanted = [alone.reset(seed=seed + k)[0]["instruction"] for k in range(2)]
            assert list(observation["instruction"]) == wanted
            missions.update(wanted)
            later, *_ = envs.step(envs.action_space.sample())
            assert list(later["instruction"]) == wanted
        assert len(missions) > 1
    finally:
        envs.close()
        alone.close()
