"""Adapters of numbers: heads, even bins, quantile bins; and how fitted ones are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters import storage
from polyathlon.adapters.pred import PredAdapter
from polyathlon.adapters.quantile import QuantileAdapter
from polyathlon.adapters.uniform import UniformAdapter
from polyathlon.core.errors import BadArgument, DecodeError, EmbodimentMismatch, InvalidAction
from polyathlon.core.specs import Embodiment

ARM = Embodiment(
    id="arm",
    kind="continuous",
    action_names=("x", "y", "z", "gripper"),
    action_units=("1",) * 4,
    low=(-1.0,) * 4,
    high=(1.0,) * 4,
)
BOX = spaces.Box(-1, 1, (4,), np.float32)


def unbounded(width: int = 2) -> tuple[spaces.Box, Embodiment]:
    body = Embodiment(id="free", kind="continuous", action_names=tuple("xy"[:width]))
    return spaces.Box(-np.inf, np.inf, (width,), np.float32), body


def demonstrations(seed: int = 0) -> Any:
    """A smooth part, a heavy tie, a gripper that is open or closed, and a constant."""
    random = np.random.default_rng(seed)
    smooth = np.clip(random.normal(0, 0.3, 4000), -1, 1)
    tied = np.where(random.random(4000) < 0.6, 0.0, random.uniform(-0.5, 0.9, 4000))
    gripper = np.where(random.random(4000) < 0.5, -1.0, 1.0)
    return np.stack([smooth, tied, gripper, np.full(4000, 0.25)], 1).astype(np.float32)


def test_even_bins_have_the_error_that_their_width_predicts() -> None:
    adapter = UniformAdapter(BOX, ARM)
    actions = np.random.default_rng(0).uniform(-1, 1, (50_000, 4)).astype(np.float32)
    error = adapter.decode(adapter.encode(actions)) - actions
    width = 2 / 512
    assert np.abs(error).max() <= width / 2 + 1e-6
    assert np.mean(error**2) == pytest.approx(width**2 / 12, rel=0.02)
    assert adapter.resolution == pytest.approx(width / 2, rel=1e-3)
    assert adapter.clipped == 0


def test_the_bounds_themselves_are_in_the_outer_bins() -> None:
    adapter = UniformAdapter(BOX, ARM, bins=8)
    assert adapter.encode(BOX.low).tolist() == [0] * 4
    assert adapter.encode(BOX.high).tolist() == [7] * 4
    assert adapter.clipped == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, list])
def test_what_is_outside_is_clipped_and_counted(dtype: Any) -> None:
    actions = [[3.0, -1.0, 0.0, 1.0], [-2.0, 0.0, 9.0, -1.0]]
    given = actions if dtype is list else np.array(actions, dtype)
    for adapter in (UniformAdapter(BOX, ARM), PredAdapter(BOX, ARM)):
        back = adapter.decode(adapter.encode(given))
        assert np.abs(back - np.clip(actions, -1, 1)).max() <= 1 / 256
        assert adapter.clipped == 3
        adapter.encode(np.float64([np.nextafter(1, 2), 0, 0, 1e300]))
        # The first is 1 in the body's own dtype.
        assert adapter.clipped == 4


def test_the_smallest_step_beyond_a_bound_counts() -> None:
    adapter = UniformAdapter(BOX, ARM)
    beyond = np.nextafter(np.float32([1, -1, 0.5, 1]), np.float32([2, -2, 2, 2]))
    adapter.encode(beyond)
    assert adapter.clipped == 3
    assert adapter.encode(np.float32([3e38, -3e38, 0, 0])).tolist() == [511, 0, 256, 256]
    assert adapter.clipped == 5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 3])
def test_what_is_not_finite_is_refused(value: float, place: int) -> None:
    actions = np.zeros((5, 4), np.float32)
    actions[2, place] = value
    fitted = QuantileAdapter.fit(demonstrations(), BOX, ARM)
    for adapter in (UniformAdapter(BOX, ARM), PredAdapter(BOX, ARM), fitted):
        with pytest.raises(InvalidAction, match=rf"dimension {place} .*index \[2\]"):
            adapter.encode(actions)
        with pytest.raises(InvalidAction, match="finite"):
            adapter.encode(actions[2])
    with pytest.raises(DecodeError, match="finite"):
        PredAdapter(BOX, ARM).decode(actions)
    with pytest.raises(InvalidAction, match="finite"):
        QuantileAdapter.fit(actions, BOX, ARM)


@pytest.mark.parametrize(
    "tokens",
    [[0, 0, 0], [0, 0, 0, 512], [0, 0, -1, 0], [0.0, 0.0, 0.0, 0.0], [True] * 4, 3, [[0] * 4, [0]]],
    ids=str,
)
def test_tokens_that_are_no_bins_are_refused(tokens: Any) -> None:
    with pytest.raises(DecodeError):
        UniformAdapter(BOX, ARM).decode(tokens)
    with pytest.raises(DecodeError):
        QuantileAdapter.fit(demonstrations(), BOX, ARM).decode(tokens)


def test_a_batch_says_which_token_is_wrong() -> None:
    tokens = np.zeros((6, 4), np.int64)
    tokens[4, 1] = 700
    with pytest.raises(DecodeError, match=r"token 1 at batch index \[4\] is 700"):
        UniformAdapter(BOX, ARM).decode(tokens)


def test_bodies_without_bounds_need_a_head_or_a_fit() -> None:
    space, body = unbounded()
    with pytest.raises(BadArgument, match="no finite bounds"):
        UniformAdapter(space, body)
    head = PredAdapter(space, body)
    action = np.float32([1e6, -3.5])
    assert np.array_equal(head.decode(head.encode(action)), action)
    drawn = np.random.default_rng(0).normal(0, 50, (500, 2))
    fitted = QuantileAdapter.fit(drawn, space, body)
    assert np.abs(fitted.decode(fitted.encode(drawn)) - drawn).max() <= fitted.resolution.max()


def test_a_range_too_narrow_for_its_bins_is_refused() -> None:
    body = msgspec.structs.replace(ARM, low=(1000.0,) * 4, high=(1000.001,) * 4)
    with pytest.raises(BadArgument, match="too narrow"):
        UniformAdapter(spaces.Box(0, 2000, (4,), np.float32), body)
    with pytest.raises(BadArgument, match="at least one"):
        UniformAdapter(BOX, ARM, bins=0)


def test_bounds_that_leave_the_space_are_refused() -> None:
    wide = msgspec.structs.replace(ARM, high=(1.0, 1.0, 2.0, 1.0))
    for adapter in (UniformAdapter, PredAdapter):
        with pytest.raises(BadArgument, match="dimension 2"):
            adapter(BOX, wide)


def test_a_head_beyond_its_range_is_refused() -> None:
    with pytest.raises(DecodeError, match="outside"):
        PredAdapter(BOX, ARM).decode(np.float32([0, 0, 1.5, 0]))


def test_ties_and_constants_have_codes_of_their_own() -> None:
    data = demonstrations()
    adapter = QuantileAdapter.fit(data, BOX, ARM)
    counts = adapter.agent_space.nvec.tolist()
    assert counts[0] > 250
    assert 90 < counts[1] < 130  # Six tenths of its 256 fall on one value.
    assert counts[2:] == [2, 1]
    exact = adapter.decode(adapter.encode(data))
    assert np.array_equal(exact[:, 2:], data[:, 2:])
    assert (exact[:, 1] == 0).mean() > 0.55
    assert np.all(np.abs(exact - data) <= adapter.resolution)
    # The fitted range ends at the data's own ends, and nothing of the data was outside.
    assert adapter.clipped == 0
    adapter.encode(np.float32([0, 0, 0, 0.3]))
    assert adapter.clipped == 1


def test_codes_lie_where_the_actions_are() -> None:
    data = np.clip(np.random.default_rng(0).normal(0, 0.1, (20_000, 4)), -1, 1)
    held_out = np.clip(np.random.default_rng(1).normal(0, 0.1, (20_000, 4)), -1, 1)
    errors = {}
    for spacing in ("mass", "even"):
        fitted = QuantileAdapter.fit(data, BOX, ARM, bins=16, spacing=spacing)
        used = np.bincount(fitted.encode(data)[:, 0], minlength=16)
        errors[spacing] = np.abs(fitted.decode(fitted.encode(held_out)) - held_out).mean()
        assert (used.max() < 2 * used.min()) == (spacing == "mass")
    even = UniformAdapter(BOX, ARM, bins=16)
    plain = np.abs(even.decode(even.encode(held_out)) - held_out).mean()
    assert max(errors.values()) < plain / 2


def test_percentiles_leave_the_tails_out_and_count_them() -> None:
    data = np.random.default_rng(0).uniform(-1, 1, (10_000, 4))
    fitted = QuantileAdapter.fit(data, BOX, ARM, spacing="even")
    assert fitted.agent_space.nvec.tolist() == [256] * 4
    fitted.encode(data)
    assert fitted.clipped == pytest.approx(0.02 * data.size, rel=0.05)


def test_fitting_clips_to_the_declared_range_and_says_so() -> None:
    data = np.random.default_rng(0).normal(0, 1, (1000, 4))
    fitted = QuantileAdapter.fit(data, BOX, ARM)
    assert fitted.options["clipped"] == int((np.abs(data) > 1).sum())
    assert fitted.options["actions"] == 1000
    assert fitted.decode(fitted.agent_space.nvec - 1).max() <= 1


@pytest.mark.parametrize(
    "options", [{"bins": 0}, {"tail": 0.5}, {"tail": -0.1}, {"spacing": "odd"}], ids=str
)
def test_options_out_of_range_are_refused(options: Any) -> None:
    with pytest.raises(BadArgument):
        QuantileAdapter.fit(demonstrations(), BOX, ARM, **options)


def test_an_empty_stream_and_an_unfitted_adapter_are_refused() -> None:
    with pytest.raises(BadArgument, match="no actions"):
        QuantileAdapter.fit(np.zeros((0, 4)), BOX, ARM)
    with pytest.raises(BadArgument, match="fit"):
        QuantileAdapter(BOX, ARM)


def test_neighbouring_floats_keep_their_codes() -> None:
    ladder = [np.float32(0.1)]
    for _ in range(20):
        ladder.append(np.nextafter(ladder[-1], np.float32(1)))
    data = np.repeat(np.array(ladder)[:, None], 4, 1)
    fitted = QuantileAdapter.fit(data, BOX, ARM)
    codes = np.repeat(np.arange(21)[:, None], 4, 1)
    assert np.array_equal(fitted.encode(fitted.decode(codes)), codes)


def saved(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_saved_comes_back_in_a_fresh_process(
    tmp_path: Path, python: Callable[..., Any]
) -> None:
    adapter = QuantileAdapter.fit(demonstrations(), BOX, ARM)
    adapter.save(tmp_path / "one")
    tokens = adapter.encode(demonstrations(1)[:50])
    script = tmp_path / "again.py"
    script.write_text(
        "import sys, msgspec, numpy as np\n"
        "from gymnasium import spaces\n"
        "from polyathlon.adapters.quantile import QuantileAdapter\n"
        "from polyathlon.core.specs import Embodiment\n"
        "body = msgspec.json.decode(sys.argv[1], type=Embodiment)\n"
        "space = spaces.Box(-1, 1, (4,), np.float32)\n"
        "adapter = QuantileAdapter.load(sys.argv[2], space, body)\n"
        "adapter.save(sys.argv[3])\n"
        "tokens = np.frombuffer(bytes.fromhex(sys.argv[4]), np.int64).reshape(-1, 4)\n"
        "print(adapter.decode(tokens).tobytes().hex())\n"
    )
    body = msgspec.json.encode(ARM).decode()
    told = python(script, body, tmp_path / "one", tmp_path / "two", tokens.tobytes().hex())
    assert told.stdout.strip() == adapter.decode(tokens).tobytes().hex()
    assert saved(tmp_path / "one") == saved(tmp_path / "two")
    assert QuantileAdapter.load(tmp_path / "one", BOX, ARM).options == adapter.options


def test_another_body_is_refused_with_what_differs(tmp_path: Path) -> None:
    QuantileAdapter.fit(demonstrations(), BOX, ARM).save(tmp_path)
    other = msgspec.structs.replace(
        ARM, action_units=("m/s",) * 4, frame="end-effector", control_hz=20.0, gripper="+1 opens"
    )
    with pytest.raises(EmbodimentMismatch) as told:
        QuantileAdapter.load(tmp_path, BOX, other)
    for part in ("action_units", "frame", "control_hz", "gripper"):
        assert part in str(told.value)


def test_damage_is_found(tmp_path: Path) -> None:
    QuantileAdapter.fit(demonstrations(), BOX, ARM).save(tmp_path)
    whole = saved(tmp_path)
    arrays = bytearray(whole[storage.ARRAYS_FILE])
    arrays[-1] ^= 1
    (tmp_path / storage.ARRAYS_FILE).write_bytes(arrays)
    with pytest.raises(BadArgument, match="damaged"):
        QuantileAdapter.load(tmp_path, BOX, ARM)
    (tmp_path / storage.ARRAYS_FILE).unlink()
    with pytest.raises(BadArgument, match="cannot read"):
        QuantileAdapter.load(tmp_path, BOX, ARM)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 99}, "format 99"),
        ({"options": {"bins": 1}}, "edited or damaged"),
        ({"adapter": "rvq"}, "edited or damaged"),
        ({"sha256": None}, "edited or damaged"),
    ],
    ids=str,
)
def test_an_edited_manifest_is_refused(tmp_path: Path, change: Any, told: str) -> None:
    QuantileAdapter.fit(demonstrations(), BOX, ARM).save(tmp_path)
    path = tmp_path / storage.MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadArgument, match=told):
        QuantileAdapter.load(tmp_path, BOX, ARM)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff", '{"format": NaN}'], ids=repr)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / storage.MANIFEST_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadArgument):
        storage.load_adapter(tmp_path, "quantile")


def test_another_adapters_folder_is_refused(tmp_path: Path) -> None:
    storage.save_adapter(tmp_path, "rvq", {"a": np.arange(3)}, {}, ARM)
    with pytest.raises(BadArgument, match="holds the adapter 'rvq'"):
        QuantileAdapter.load(tmp_path, BOX, ARM)
    arrays, options, body = storage.load_adapter(tmp_path, "rvq")
    assert arrays["a"].tolist() == [0, 1, 2]
    assert (options, body) == ({}, ARM)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadArgument, match="cannot make"):
        storage.save_adapter(tmp_path / "file", "rvq", {}, {}, ARM)
