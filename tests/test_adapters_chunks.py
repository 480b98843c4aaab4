"""The adapter of chunks: byte pairs of a spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from toy_body import body, stream

from polyathlon.core.errors import BadArgument, DecodeError

pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")
pytest.importorskip("tokenizers")
from polyathlon.adapters.fast import PADDING, FastAdapter


@pytest.fixture(scope="module")
def chunks():
    space, embodiment = body(3)
    space = spaces.Box(-1, 1, (8, 3), np.float32)
    return FastAdapter.fit(stream(8000, 3), space, embodiment, vocabulary=256)


def random_chunks(count: int) -> np.ndarray:
    chance = np.random.default_rng(8)
    walks = np.cumsum(chance.normal(0, 0.3, (count, 8, 3)), axis=1)
    ends = np.sign(chance.normal(size=(count, 8, 3)))
    return np.clip(np.concatenate([walks, ends]), -1, 1).astype(np.float32)


def test_chunks_keep_the_laws(chunks):
    actions = random_chunks(300)
    said = chunks.encode(actions)
    back = chunks.decode(said)
    assert back.shape == actions.shape
    assert (np.abs(back - actions) <= chunks.resolution).all()
    assert np.array_equal(chunks.encode(back), said)
    order = np.random.default_rng(0).permutation(len(actions))
    assert np.array_equal(chunks.encode(actions[order]), said[order])
    assert np.array_equal(chunks.decode(said[order]), back[order])
    assert np.array_equal(chunks.encode(actions.reshape(2, 300, 8, 3)), said.reshape(2, 300, -1))
    chunks.agent_space.seed(0)
    for _ in range(50):
        one = chunks.agent_space.sample()
        assert chunks.agent_space.contains(one)
        assert chunks.env_space.contains(chunks.decode(one))
        assert np.array_equal(chunks.encode(chunks.decode(one)), one)


def test_smooth_motion_takes_fewer_tokens_than_numbers(chunks):
    assert chunks.report["tokens"] < 8 * 3 / 2


def test_chunks_without_their_padding_mean_the_same(chunks):
    said = chunks.encode(random_chunks(1)[0])
    assert np.array_equal(chunks.decode(said[said != PADDING]), chunks.decode(said))


def test_malformed_chunks_are_errors_and_never_zeros(chunks):
    said = chunks.encode(random_chunks(1)[0])
    real = said[said != PADDING]
    shuffled = np.r_[PADDING, real]
    for wrong in (
        real[:-1], np.r_[real, real[:1]], np.r_[real[:-1], chunks.vocabulary], shuffled,
        np.full(24, PADDING), np.array([], int), real.astype(float), -5, "no", [[1], [1, 2]],
        np.r_[real[:-1], -7],
    ):  # fmt: skip
        with pytest.raises(DecodeError):
            chunks.decode(wrong)
        assert not chunks.agent_space.contains(wrong)


def test_a_flat_space_is_a_chunk_of_one_step():
    space, embodiment = body(4)
    adapter = FastAdapter.fit(stream(2000, 4), space, embodiment, vocabulary=128)
    actions = stream(50, 4, seed=9)
    back = adapter.decode(adapter.encode(actions))
    assert back.shape == actions.shape
    assert (np.abs(back - actions) <= adapter.resolution).all()


def test_chunks_saved_and_loaded_say_the_same(chunks, tmp_path):
    chunks.save(tmp_path)
    loaded = FastAdapter.load(tmp_path, chunks.env_space, chunks.embodiment)
    actions = random_chunks(50)
    assert np.array_equal(loaded.encode(actions), chunks.encode(actions))
    assert np.array_equal(loaded.resolution, chunks.resolution)
    with pytest.raises(BadArgument, match="chunks of shape"):
        FastAdapter.load(tmp_path, spaces.Box(-1, 1, (4, 3), np.float32), chunks.embodiment)


def test_chunks_refuse_what_they_cannot_be_fitted_to():
    space, embodiment = spaces.Box(-1, 1, (8, 3), np.float32), body(3)[1]
    with pytest.raises(BadArgument, match="fewer than the 8"):
        FastAdapter.fit(stream(7, 3), space, embodiment)
    with pytest.raises(BadArgument, match="too small"):
        FastAdapter.fit(stream(100, 3), space, embodiment, vocabulary=20)
    with pytest.raises(BadArgument, match="precision"):
        FastAdapter.fit(stream(100, 3), space, embodiment, precision=0)
    with pytest.raises(BadArgument, match="chunks are"):
        FastAdapter.fit(np.zeros((5, 4, 3)), space, embodiment)
    uneven = spaces.Box(np.array([[-1.0], [-2.0]]), np.ones((2, 1)), dtype=np.float64)
    with pytest.raises(BadArgument, match="same range"):
        FastAdapter.fit(np.zeros((5, 2, 1)), uneven, body(1)[1])


def test_chunks_clip_and_count(chunks):
    chunks.clipped = 0
    outside = np.zeros((8, 3))
    outside[2, 1] = 7
    chunks.encode(outside)
    assert chunks.clipped == 1
