"""The adapters that learn: one code, two codes, and byte pairs of a spectrum."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from gymnasium import spaces
from toy_body import body, stream

from polyathlon.core.errors import BadArgument, DecodeError, EmbodimentMismatch, InvalidAction
from polyathlon.core.registry import load_object
from polyathlon.core.specs import Embodiment

pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")
pytest.importorskip("tokenizers")

from polyathlon.adapters.fast import FastAdapter
from polyathlon.adapters.lookup import Scale
from polyathlon.adapters.quantiser import Quantiser, Recipe, train
from polyathlon.adapters.rvq import RvqAdapter
from polyathlon.adapters.vq import VqAdapter

SMALL = {"width": 48, "latent": 16, "updates": 250, "batch": 512, "rate": 3e-3}
LEARNED = (VqAdapter, RvqAdapter)


@pytest.fixture(scope="module")
def fitted():
    """An adapter of each class, fitted once."""
    return {kind: kind.fit(stream(6000, 4), *body(4), **SMALL) for kind in LEARNED}


@pytest.fixture(scope="module")
def chunks():
    space, embodiment = body(3)
    space = spaces.Box(-1, 1, (8, 3), np.float32)
    return FastAdapter.fit(stream(8000, 3), space, embodiment, vocabulary=256)


def every_utterance(adapter) -> np.ndarray:
    counts = tuple(adapter.agent_space.nvec)
    return np.stack(np.unravel_index(np.arange(np.prod(counts)), counts), axis=-1)


@pytest.mark.parametrize("kind", LEARNED)
def test_every_utterance_is_an_action_and_comes_back(fitted, kind):
    adapter = fitted[kind]
    said = every_utterance(adapter)
    actions = adapter.decode(said)
    assert len(said) == 512 ** (1 if kind is VqAdapter else 2)
    assert actions.dtype == np.float32
    assert (actions >= -1).all()
    assert (actions <= 1).all()
    assert np.array_equal(adapter.encode(actions), said)
    assert len(np.unique(actions, axis=0)) == len(said)


@pytest.mark.parametrize("kind", LEARNED)
def test_a_round_trip_stays_within_the_resolution(fitted, kind):
    adapter = fitted[kind]
    anywhere = np.random.default_rng(5).uniform(-1, 1, (500, 4))
    known = stream(2000, 4, seed=0)
    for actions in (anywhere, known, np.sign(anywhere[:50])):
        error = np.abs(adapter.decode(adapter.encode(actions)) - actions)
        assert (error <= adapter.resolution).all()


@pytest.mark.parametrize("kind", LEARNED)
def test_axis_zero_and_all_batch_axes_are_kept(fitted, kind):
    adapter = fitted[kind]
    actions = stream(60, 4, seed=3)
    codes = adapter.encode(actions)
    order = np.random.default_rng(0).permutation(60)
    assert np.array_equal(adapter.encode(actions[order]), codes[order])
    assert np.array_equal(adapter.decode(codes[order]), adapter.decode(codes)[order])
    assert np.array_equal(adapter.encode(actions.reshape(3, 4, 5, 4)), codes.reshape(3, 4, 5, -1))
    assert np.array_equal([adapter.encode(action) for action in actions], codes)
    assert adapter.agent_space.contains(adapter.encode(actions[0]))
    assert adapter.encode(np.empty((0, 4))).shape == (0, codes.shape[1])


def test_two_codes_say_more_than_one(fitted):
    held_out = stream(9000, 4)[6000:]
    error = {
        kind: ((fitted[kind].decode(fitted[kind].encode(held_out)) - held_out) ** 2).mean()
        for kind in LEARNED
    }
    assert 3 * error[RvqAdapter] < error[VqAdapter]


def test_the_nearest_entry_is_said(fitted):
    adapter = fitted[RvqAdapter]
    actions = np.random.default_rng(2).uniform(-1, 1, (40, 4)).astype(np.float32)
    table = adapter.decode(every_utterance(adapter)).astype(np.float64)
    nearest = np.array([((table - action) ** 2).sum(1).min() for action in actions])
    said = ((adapter.decode(adapter.encode(actions)).astype(np.float64) - actions) ** 2).sum(1)
    assert np.allclose(said, nearest, rtol=1e-9, atol=1e-12)


def test_the_encoder_alone_is_near_the_nearest(fitted):
    exact = fitted[RvqAdapter]
    quick = RvqAdapter(
        exact.env_space, exact.embodiment, quantiser=exact.quantiser, scale=exact.scale,
        table=exact.table, resolution=exact.resolution, exact=False,
    )  # fmt: skip
    actions = stream(2000, 4)
    errors = [
        ((adapter.decode(adapter.encode(actions)) - actions) ** 2).mean()
        for adapter in (exact, quick)
    ]
    assert errors[0] <= errors[1] < 4 * errors[0]
    assert quick.agent_space.contains(quick.encode(actions[0]))


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (100.0, 101.0)])
def test_entries_that_fall_together_are_set_apart(size, low, high):
    rows = stream(200, size)
    tiny = Recipe(codes=32, width=8, latent=4, updates=2, batch=64)
    arrays = dict(train([rows], tiny, size).arrays)
    arrays["decoder.3.bias"] = np.full(size, 9.0)  # Every entry far beyond the same corner.
    space, embodiment = body(size, low, high)
    scale = Scale(space.low, space.high)
    adapter = RvqAdapter.of(Quantiser(arrays), scale, space, embodiment, scale.restore(rows))
    said = every_utterance(adapter)
    actions = adapter.decode(said)
    assert adapter.report["set apart"] == len(said) - 1
    assert np.array_equal(adapter.encode(actions), said)
    assert (actions <= space.high).all()
    assert (actions >= low + 0.96 * (high - low)).all()


@pytest.mark.parametrize("kind", LEARNED)
def test_a_wide_range_far_from_zero_in_its_own_unit(kind):
    space, embodiment = body(2, low=1000.0, high=1500.0)
    actions = 1250 + 250 * stream(3000, 2)
    adapter = kind.fit(actions, space, embodiment, codes=64, **{**SMALL, "updates": 100})
    said = every_utterance(adapter)
    assert np.array_equal(adapter.encode(adapter.decode(said)), said)
    error = np.abs(adapter.decode(adapter.encode(actions)) - actions)
    assert (error <= adapter.resolution).all()
    assert error.max() > 1  # in the action's own unit, not in shares of the range


def test_a_constant_dimension_and_one_without_extent_do_no_harm():
    actions = stream(3000, 3)
    actions[:, 1] = 0.5
    space = spaces.Box(np.array([-1, -1, 2], np.float32), np.array([1, 1, 2], np.float32))
    actions[:, 2] = 2
    embodiment = msgspec.structs.replace(body(3)[1], low=(-1.0, -1.0, 2.0), high=(1.0, 1.0, 2.0))
    adapter = RvqAdapter.fit(actions, space, embodiment, codes=32, **{**SMALL, "updates": 100})
    back = adapter.decode(adapter.encode(actions))
    assert (back[:, 2] == 2).all()
    assert np.abs(back[:, 1] - 0.5).max() < 0.2
    said = every_utterance(adapter)
    assert np.array_equal(adapter.encode(adapter.decode(said)), said)


def test_a_body_that_cannot_move_is_refused():
    space, embodiment = body(2, low=1.0, high=1.0)
    with pytest.raises(BadArgument, match="no dimension of this body varies"):
        VqAdapter.fit(np.ones((100, 2)), space, embodiment, codes=8, **SMALL)


def test_what_lies_outside_is_clipped_and_counted(fitted):
    adapter = fitted[VqAdapter]
    adapter.clipped = 0
    outside = np.array([[2.0, 0, 0, -3.0], [0, 0, 0, 0]])
    assert np.array_equal(adapter.encode(outside), adapter.encode(np.clip(outside, -1, 1)))
    assert adapter.clipped == 2
    wild = stream(2000, 4) * 3
    fresh = VqAdapter.fit(wild, *body(4), codes=16, **{**SMALL, "updates": 20})
    assert fresh.clipped == fresh.report["clipped"] == int((np.abs(wild) > 1).sum()) > 0


def test_quantiles_cut_the_ends_and_the_resolution_says_so():
    actions = stream(4000, 2) / 4
    actions[0] = 1
    adapter = RvqAdapter.fit(
        actions, *body(2), normalise="quantile", codes=32, **{**SMALL, "updates": 60}
    )
    assert (np.asarray(adapter.scale.high) < 0.4).all()
    anywhere = np.random.default_rng(1).uniform(-1, 1, (300, 2))
    error = np.abs(adapter.decode(adapter.encode(anywhere)) - anywhere)
    assert (error <= adapter.resolution).all()
    assert adapter.clipped > 0


@pytest.mark.parametrize("kind", [*LEARNED, FastAdapter])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(fitted, chunks, kind, bad):
    space, embodiment = body(4)
    poisoned = stream(100, 4)
    poisoned[50, 2] = bad
    with pytest.raises(InvalidAction, match="finite"):
        kind.fit(poisoned, space, embodiment)
    adapter = chunks if kind is FastAdapter else fitted[kind]
    action = np.zeros(adapter.env_space.shape)
    action[..., 1] = bad
    with pytest.raises(InvalidAction, match="finite"):
        adapter.encode(action)


@pytest.mark.parametrize("kind", [*LEARNED, FastAdapter])
def test_an_empty_stream_is_refused(kind):
    with pytest.raises(BadArgument, match="empty stream"):
        kind.fit(np.empty((0, 4)), *body(4))


@pytest.mark.parametrize("kind", [*LEARNED, FastAdapter])
def test_a_space_that_does_not_fit_is_refused(kind):
    keys = Embodiment(id="keys", kind="discrete", action_names=("a", "b"))
    for space, embodiment in (
        (spaces.Discrete(2), keys),
        (spaces.Box(-1, 1, (2, 2, 2), np.float32), body(2)[1]),
        (spaces.Box(0, 9, (4,), np.int32), body(4)[1]),
        (spaces.Box(-1, 1, (3,), np.float32), body(4)[1]),
        (spaces.Box(-1, 1, (4,), np.float16), body(4)[1]),
    ):
        with pytest.raises(BadArgument, match=rf"{kind.name}|dimensions"):
            kind.fit(stream(100, 4), space, embodiment)


@pytest.mark.parametrize("kind", [*LEARNED, FastAdapter])
def test_an_adapter_that_was_not_fitted_says_how(kind):
    with pytest.raises(BadArgument, match=r"\.fit\(actions, env_space, embodiment\)"):
        kind(*body(4))


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize(
    "said", [[0.5] * 2, [-1] * 2, [512] * 2, [0] * 3, [], 3, "no", None, [[1], [2, 3]]]
)
def test_an_utterance_of_no_meaning_is_refused(fitted, kind, said):
    adapter = fitted[kind]
    if isinstance(said, list) and len(said) == 2 and kind is VqAdapter:
        said = said[:1] if not isinstance(said[0], list) else said
    with pytest.raises(DecodeError):
        adapter.decode(said)


@pytest.mark.parametrize("action", [[1.0], "no", None, [[1, 2], [3]], [True] * 4, 0.5])
def test_an_action_of_another_shape_is_refused(fitted, action):
    with pytest.raises(InvalidAction):
        fitted[RvqAdapter].encode(action)


@pytest.mark.parametrize(
    "options",
    [
        {"wide": 3}, {"codes": 0}, {"decay": 2.0}, {"rate": float("nan")}, {"layers": 1},
        {"normalise": "none"}, {"codes": 2048, "levels": 2},
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(BadArgument):
        RvqAdapter.fit(stream(100, 2), *body(2), **{**SMALL, "updates": 1, **options})


@pytest.mark.parametrize("kind", LEARNED)
def test_saved_and_loaded_it_says_the_same(fitted, kind, tmp_path):
    adapter = fitted[kind]
    adapter.save(tmp_path / "one")
    loaded = kind.load(tmp_path / "one", adapter.env_space, adapter.embodiment)
    said = every_utterance(adapter)
    assert np.array_equal(loaded.decode(said), adapter.decode(said))
    actions = np.random.default_rng(3).uniform(-1, 1, (300, 4))
    assert np.array_equal(loaded.encode(actions), adapter.encode(actions))
    assert np.array_equal(loaded.resolution, adapter.resolution)
    assert (loaded.recipe, loaded.report) == (adapter.recipe, adapter.report)
    loaded.save(tmp_path / "two")
    for name in ("adapter.json", "arrays.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def fit_and_save(folder, turn):
    """A quantiser and byte pairs, each fitted to the same actions."""
    quick = {**SMALL, "updates": 25}
    VqAdapter.fit(stream(2000, 2), *body(2), codes=64, **quick).save(folder / f"vq-{turn}")
    chunk = spaces.Box(-1, 1, (8, 2), np.float32)
    fitted = FastAdapter.fit(stream(4000, 2), chunk, body(2)[1], vocabulary=256)
    fitted.save(folder / f"fast-{turn}")


FRESH = """
import pathlib, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/small"]
from test_adapters_learned import fit_and_save
fit_and_save(pathlib.Path(sys.argv[2]), "b")
"""


def test_fitted_in_two_processes_the_files_are_the_same_bytes(python, root, tmp_path):
    fit_and_save(tmp_path, "a")
    python("-c", FRESH, root / "tests", tmp_path)
    for kind in ("vq", "fast"):
        for name in ("adapter.json", "arrays.safetensors"):
            both = [(tmp_path / f"{kind}-{turn}" / name).read_bytes() for turn in "ab"]
            assert both[0] == both[1], (kind, name)


def test_a_file_that_is_not_what_was_written_is_refused(fitted, tmp_path):
    adapter = fitted[VqAdapter]
    adapter.save(tmp_path)
    where = (tmp_path, adapter.env_space, adapter.embodiment)
    manifest = json.loads((tmp_path / "adapter.json").read_text())

    def rewrite(**changes):
        (tmp_path / "adapter.json").write_text(json.dumps({**manifest, **changes}))

    rewrite(format=99)
    with pytest.raises(BadArgument, match="format 99"):
        VqAdapter.load(*where)
    rewrite(options={**manifest["options"], "exact": False})
    with pytest.raises(BadArgument, match="hash"):
        VqAdapter.load(*where)
    rewrite()
    with pytest.raises(BadArgument, match="holds the adapter 'vq'"):
        RvqAdapter.load(*where)
    with pytest.raises(BadArgument):
        VqAdapter.load(tmp_path, spaces.Box(-1, 1, (4,), np.float64), adapter.embodiment)
    packed = bytearray((tmp_path / "arrays.safetensors").read_bytes())
    packed[-1] ^= 1
    (tmp_path / "arrays.safetensors").write_bytes(packed)
    with pytest.raises(BadArgument, match="hash"):
        VqAdapter.load(*where)


@pytest.mark.parametrize("kind", [VqAdapter, FastAdapter])
def test_another_convention_of_actions_is_refused_with_its_difference(
    fitted, chunks, kind, tmp_path
):
    adapter = chunks if kind is FastAdapter else fitted[kind]
    adapter.save(tmp_path)
    other = msgspec.structs.replace(adapter.embodiment, frame="end-effector", control_hz=20.0)
    with pytest.raises(EmbodimentMismatch, match=r"frame: 'none' against 'end-effector'.*hz"):
        kind.load(tmp_path, adapter.env_space, other)


def test_training_is_a_function_of_data_and_seed():
    import torch

    rows = [stream(1000, 3)]
    recipe = Recipe(codes=32, **{**SMALL, "updates": 30})
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    first, again = train(rows, recipe, 3), train(rows, recipe, 3)
    other = train(rows, msgspec.structs.replace(recipe, seed=1), 3)
    assert all(np.array_equal(first.arrays[key], again.arrays[key]) for key in first.arrays)
    assert not np.array_equal(first.codebooks, other.codebooks)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_padding_does_not_change_what_is_learnt_of_the_active_slots():
    rows = stream(2000, 2)
    recipe = Recipe(codes=64, **{**SMALL, "updates": 150})
    errors = []
    for size in (2, 21):
        quantiser = train([rows], recipe, size)
        wide = np.pad(rows, ((0, 0), (0, size - 2)))
        errors.append(((quantiser.decode(quantiser.encode(wide))[:, :2] - rows) ** 2).mean())
    assert errors[1] < 2 * errors[0]


def test_networks_that_do_not_fit_each_other_are_refused(fitted):
    arrays = fitted[VqAdapter].quantiser.arrays
    for key, value in (
        ("encoder.1.weight", np.zeros((3, 3), np.float32)),
        ("codebooks", np.zeros((2, 4), np.float32)),
        ("decoder.0.bias", np.full_like(arrays["decoder.0.bias"], np.nan)),
    ):
        with pytest.raises(BadArgument):
            Quantiser({**arrays, key: value})
    with pytest.raises(BadArgument, match="layers of its encoder"):
        Quantiser({key: arrays[key] for key in arrays if not key.startswith("encoder")})


def test_the_oracle_of_metaworld_through_two_codes():
    pytest.importorskip("metaworld")
    from polyathlon.tasks import catalogue

    spec = catalogue.find("metaworld.drawer-close-v3")
    env = catalogue.build(spec, observations=("state",))
    actions = []
    for seed in range(4):
        observation, info = env.reset(seed=seed)
        oracle = load_object(spec.oracle)(env)
        oracle.reset(observation, info)
        for _ in range(100):
            actions.append(np.array(oracle.act(observation)))
            observation, *_ = env.step(actions[-1])
    space = env.action_space
    env.close()
    held_out = np.array(actions[300:])
    errors = {}
    for kind in LEARNED:
        options = {**SMALL, "codes": 64, "updates": 150}
        adapter = kind.fit(np.array(actions[:300]), space, spec.embodiment, **options)
        said = adapter.decode(adapter.encode(held_out))
        assert all(space.contains(action) for action in said)
        errors[kind] = ((said - held_out) ** 2).mean()
    assert errors[RvqAdapter] < errors[VqAdapter] < held_out.var()
