"""``polyathlon tokenizer``: from tasks to fitted adapters to a page, again to the same bits."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from typing import NamedTuple

import numpy as np
import pytest

from polyathlon.cli.tokenizer import tokenizer_group
from polyathlon.core.errors import PolyathlonError

pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")
pytest.importorskip("tokenizers")
pytest.importorskip("metaworld")
pytest.importorskip("minigrid")

TASKS = "metaworld.reach,metaworld.door-open,babyai.go-to-obj"
SMALL = (
    "--updates",
    "30",
    "--codes",
    "16",
    "--width",
    "16",
    "--episodes",
    "2",
    "--held-out",
    "0.5",
)


class Said(NamedTuple):
    """What a command printed, and the error that the front door would have shown."""

    out: str
    err: str
    error: str


def command(*arguments: object) -> Said:
    """``polyathlon tokenizer`` in this process, for torch takes seconds to import."""
    out, err, error = io.StringIO(), io.StringIO(), ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            tokenizer_group.main([str(one) for one in arguments], standalone_mode=False)
        except PolyathlonError as raised:
            error = str(raised)
    return Said(out.getvalue(), err.getvalue(), error)


@pytest.fixture(scope="module")
def fitted(typed, tmp_path_factory):
    """A folder of small fits with its report, and what the commands said."""
    folder = tmp_path_factory.mktemp("fit") / "fit"
    fitting = typed("tokenizer", "fit", TASKS, "--out", folder, *SMALL, learns=True)
    return folder, (Said(fitting.stdout, fitting.stderr, ""), command("report", folder))


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def test_every_adapter_is_fitted_and_reported(fitted):
    folder, said = fitted
    arm, keys = report_of(folder)["bodies"]
    assert (arm["body"]["id"], keys["body"]["id"]) == ("sawyer-xyz", "babyai-agent")
    assert {one["adapter"] for one in arm["adapters"]} == {
        "pred", "uniform", "quantile", "vq", "rvq", "fast", "tokenizer",
    }  # fmt: skip
    assert not any(one["refused"] for one in arm["adapters"])
    assert {one["adapter"] for one in keys["adapters"]} == {"pred", "semlang", "lang"}
    assert arm["episodes"] == [2, 2]
    assert arm["actions"] == [1000, 1000]
    assert all(one["mse"] == 0 for one in keys["adapters"])
    assert "does not rank adapters" in said[1].out
    assert re.search(r"fitting \d+/9 sawyer-xyz: rvq", said[0].err)


def test_more_bits_of_the_same_kind_are_less_error(fitted):
    (arm, _) = report_of(fitted[0])["bodies"]
    for kind in ("uniform", "quantile", "fast"):
        points = [(one["bits"], one["mse"]) for one in arm["adapters"] if one["adapter"] == kind]
        assert points == sorted(points)
        errors = [error for _, error in points]
        assert errors == sorted(errors, reverse=True)
    for one in arm["adapters"]:
        assert one["mse"] == pytest.approx(np.mean(one["mse_by_dimension"]))
        if not one["usage"]:  # Thirty updates teach a quantiser nothing yet.
            assert one["mse"] < arm["variance"]
    for one in arm["adapters"]:
        for counts in one["usage"]:
            assert sum(counts) == 1000
            assert len(counts) == 16


def test_even_bins_err_as_their_width_predicts(fitted):
    """A number between two bins is half a bin off, others a bin's width over the root of twelve.

    Scripts say 0 and the ends of the range again and again; these lie between two bins.
    """
    folder, _ = fitted
    with np.load(folder / "held_out.npz") as arrays:
        names = arrays["names"].tolist()
        held = [arrays[f"{n}"] for n, name in enumerate(names) if name.startswith("sawyer")]
    actions = np.concatenate(held).astype(float)
    (arm, _) = report_of(folder)["bodies"]
    for bins in (128, 512):
        width = 2 / bins
        between = (np.abs(actions / width - np.round(actions / width)) < 1e-3).mean()
        predicted = (1 - between) * width**2 / 12 + between * width**2 / 4
        (found,) = [one["mse"] for one in arm["adapters"] if one["setting"] == f"{bins} bins"]
        assert found == pytest.approx(predicted, rel=0.2)


def test_the_page_shows_it_and_loads_nothing(fitted):
    folder, _ = fitted
    page = (folder / "report.html").read_text()
    assert "does not rank adapters" in page
    assert "84%" in page
    assert "Szot et al." in page
    for name in ("uniform", "quantile", "vq", "rvq", "tokenizer", "fast"):
        assert f'class="point {name}"' in page
    assert page.count('class="chart trace"') == 4 * 4
    assert page.count('class="chart usage"') == 5
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    report = report_of(folder)
    assert all(value in page for value in report["hashes"].values())
    assert set(report["hashes"]) >= {"tokenizer", "adapters/sawyer-xyz/rvq-2-x-16"}


def test_the_same_command_keeps_what_stands_and_mends_what_does_not(fitted, tmp_path):
    folder, _ = fitted
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = (copy / "report.json").read_bytes()
    (copy / "adapters/sawyer-xyz/vq-1-x-16/inputs.json").unlink()  # cut short before the last file
    (copy / "fit.json").unlink()
    shutil.rmtree(copy / "tokenizer")
    again = command("fit", TASKS, "--out", copy, *SMALL)
    assert re.findall(r"fitting \S+ (.*)", again.err) == [
        "sawyer-xyz: vq, 1 x 16", "tokenizer of all bodies",
    ]  # fmt: skip
    assert again.err.count("kept ") == 7
    command("report", copy)
    mine, theirs = json.loads(before), report_of(copy)
    assert mine.pop("command") != theirs.pop("command")  # another folder, all else to the bit
    assert mine == theirs


def test_a_damaged_fit_is_one_line(fitted, tmp_path):
    folder, _ = fitted
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)

    def refused(*words):
        error = command("report", copy).error
        assert "\n" not in error
        for word in words:
            assert word in error

    manifest = copy / "adapters/sawyer-xyz/rvq-2-x-16/adapter.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"exact": true', '"exact": false'))
    refused("rvq-2-x-16", "edited or damaged")
    manifest.write_text(text)
    stranger, own = (copy / "adapters/sawyer-xyz" / name for name in ("vq-1-x-16", "kept"))
    shutil.move(stranger, own)
    shutil.copytree(copy / "adapters/sawyer-xyz/rvq-2-x-16", stranger)
    refused("vq-1-x-16", "another fit")
    shutil.rmtree(stranger)
    shutil.move(own, stranger)
    record = (copy / "fit.json").read_text()
    (copy / "fit.json").write_text(record.replace('"held_out": 0.5', '"held_out": "half"'))
    refused("no record of a fit")
    (copy / "fit.json").write_text(record)
    with np.load(copy / "held_out.npz") as arrays:
        changed = {name: arrays[name] for name in arrays}
    changed["0"] = changed["0"] * 0
    np.savez_compressed(copy / "held_out.npz", **changed)
    refused("is not what fit.json beside it speaks of")
    (copy / "report.html").write_text("somebody's notes")
    refused("is not a page")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("metaworld.reech",), "Did you mean 'metaworld.reach-v3'"),
        (("atari.pong",), "has an oracle"),
        (("warmup",), "is a benchmark"),
        (("babyai.open", "--episodes", "0"), "--episodes is 0"),
        (("babyai.open", "--codes", "0"), "codes is 0"),
        (("babyai.open", "--body", "body.json"), "cannot read body.json"),
    ],
)
def test_mistakes_in_the_command(tmp_path, arguments, words):
    assert words in command("fit", *arguments, "--out", tmp_path / "fit").error


def test_foreign_folders_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "holds no fit" in command("fit", "babyai.open", "--out", tmp_path).error
    said = command("fit", tmp_path, "--out", tmp_path / "fit")
    assert "neither a run nor a Minari data set" in said.error
    assert "holds no fitted adapters" in command("report", tmp_path).error
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_data_set_without_bounds_is_fitted_by_what_fits(tmp_path):
    """Out of range here is nothing; even bins have no range to divide, and say so."""
    h5py = pytest.importorskip("h5py")
    data = tmp_path / "set" / "data"
    data.mkdir(parents=True)
    space = {"type": "Box", "dtype": "float32", "shape": [2], "low": [-np.inf] * 2}
    space["high"] = [np.inf] * 2
    metadata = {"action_space": json.dumps(space), "dataset_id": "free/walk-v0"}
    (data / "metadata.json").write_text(json.dumps(metadata))
    chance = np.random.default_rng(0)
    with h5py.File(data / "main_data.hdf5", "w") as file:
        for number in range(4):
            walk = np.cumsum(chance.normal(0, 0.1, (120, 2)), axis=0).astype(np.float32)
            walk[:, 1] = 3
            file.create_group(f"episode_{number}")["actions"] = walk
    out = tmp_path / "fit"
    done = command("fit", tmp_path / "set", "--out", out, *SMALL)
    command("report", out)
    (body,) = report_of(out)["bodies"]
    refused = {one["adapter"] for one in body["adapters"] if one["refused"]}
    assert refused == {"uniform"}
    assert body["constant"] == ["dimension 1"]
    assert "no finite bounds" in (out / "report.html").read_text()
    assert "240 held out" in done.out
