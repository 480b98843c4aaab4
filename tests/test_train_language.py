"""``polyathlon train llarp`` and ``gea`` from the command line to a played agent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from polyathlon.cli import main

SIZES = ["small.width=32", "small.layers=1", "small.words=300", "small.vision_width=32",
         "small.image_size=16", "small.patch_size=4", "small.vision_layers=1"]  # fmt: skip


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def settings(*more: str) -> list[str]:
    return [word for one in (*SIZES, *more) for word in ("--set", one)]


def test_llarp_is_taught_and_plays(tmp_path, capsys, monkeypatch):
    out = tmp_path / "agent"
    told = settings("environments=4", "ppo.minibatches=2", "ppo.rollout=8", "head=16")
    command = ("train", "llarp", "langr.train", "--steps", "64", "--episodes", "1", "--out", out)
    assert run(*command, *told, "--no-tensorboard") == 0
    assert (out / "checkpoint.json").is_file()
    lines = [json.loads(one) for one in (out / "log.jsonl").read_text().splitlines()]
    assert {"policy", "entropy"} <= set(lines[0])
    assert "score" in lines[-1]
    manifest = json.loads((out / "training.json").read_text())
    assert manifest["command"][0] == "polyathlon"
    assert manifest["config"]["ppo"]["rollout"] == 8
    run_folder = tmp_path / "run"
    code = run("eval", "langr.train", "--agent", out, "--episodes", "1", "--video", "0",
               "--slots", "1", "--out", run_folder)  # fmt: skip
    assert code == 0
    monkeypatch.setenv("POLYATHLON_DEVICE", "warp")
    assert run("eval", "langr.train", "--agent", out, "--out", tmp_path / "elsewhere") == 2
    assert "device 'warp' here" in capsys.readouterr().err
    record = json.loads((run_folder / "manifest.json").read_text())["agent"]
    assert record["path"].endswith("LlarpAgent")
    monkeypatch.delenv("POLYATHLON_DEVICE")
    # The kill of a training whose last evaluation was under way, and then one that has ended.
    log, whole = out / "log.jsonl", (out / "log.jsonl").read_text()
    log.write_text("".join(line + "\n" for line in whole.splitlines()[:-1]))
    weights = (out / "checkpoint.json").read_bytes()
    for _ in range(2):
        capsys.readouterr()
        assert run(*command, *told, "--no-tensorboard") == 0
        assert log.read_text() == whole
        assert "llarp, last" in capsys.readouterr().out
    assert (out / "checkpoint.json").read_bytes() == weights


def test_gea_is_taught_from_data_sets_and_practises(tmp_path, capsys):
    task, data, out = "babyai.go-to-obj-s4", tmp_path / "data", tmp_path / "agent"
    assert run("data", "make", task, "--episodes", "3", "--out", data) == 0
    told = settings(
        "image_tokens=4", "cloning.batch_size=4", "tokenizer_updates=20", "history=2",
        "reinforcing.environments=2", "reinforcing.ppo.rollout=4", "reinforcing.ppo.minibatches=2",
        "reinforcing.critic=16",
    )  # fmt: skip
    common = ("train", "gea", task, "--episodes", "1", "--no-tensorboard", *told)
    other, wide = "langr.train", tmp_path / "wide"
    assert run("data", "make", other, "--episodes", "1", "--obs", "state", "--out", wide) == 0
    assert run("data", "make", task, "--episodes", "3", "--obs", "rgb", "--image-size", "16",
               "--out", tmp_path / "seen") == 0  # fmt: skip
    # What the grid does not show by default is shown, though another body sees other things.
    both = ("--set", f'data=["{wide}", "{tmp_path / "seen"}"]', "--steps", "1")
    assert run(*common, *both, "--out", tmp_path / "both") == 0
    shown = json.loads(next((tmp_path / "both").glob("eval*/*/manifest.json")).read_text())
    assert shown["benchmark"]["task_kwargs"]["observations"] == ["instruction", "rgb"]
    assert run(*common, "--steps", "3", "--dataset", data, "--out", out) == 0
    practised = tmp_path / "practised"
    words = ("--set", f"begin={out}", "--set", f'data=["{data}"]', "--steps", "16")
    assert run(*common, *words, "--out", practised) == 0
    code = run("eval", task, "--agent", practised, "--episodes", "1", "--video", "0", "--slots",
               "1", "--out", tmp_path / "run")  # fmt: skip
    assert code == 0
    capsys.readouterr()
    assert run(*common, "--out", tmp_path / "none") == 2
    assert "GEA learns from demonstrations" in capsys.readouterr().err
    assert run("train", "gea-70b", task, "--out", tmp_path / "none") == 2
    assert "Did you mean 'gea-7b'" in capsys.readouterr().err
    assert run(*common[:2], "langr.train", "--dataset", data, "--out", tmp_path / "none") == 2
    assert "the demonstrations are of babyai-agent" in capsys.readouterr().err
    with (data / "data" / "main_data.hdf5").open("r+b") as file:
        file.truncate(1000)
    assert run(*common, "--dataset", data, "--out", tmp_path / "none") == 2
    assert "main_data.hdf5 is damaged" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("llarp", "--set", "seed=3"), "'seed' is set by --seed"),
        (("gea", "--set", "evaluate_every=3"), "'evaluate_every' is set by --evaluate-every"),
        (("llarp", "--backend", "envpool"), "--backend envpool is of ppo and sac"),
        (("llarp", "--obs", "rgb"), "--obs is not for 'llarp'.*--set senses"),
        (("gea", "--image-size", "64"), "--image-size is not for 'gea'"),
        (("gea", "--online", "9"), "'gea' takes --steps"),
        (("llarp", "--set", "ppo.rollout=0"), r"`int` >= 1 - at `\$.ppo.rollout`"),
        (("llarp", "--dataset", "x"), "learns by playing"),
        (("gea", "--set", "data=5"), "data=5 is no list of folders"),
        (("gea", "--set", "data=somewhere"), "data=somewhere is no list of folders"),
        (("gea", "--set", 'data=[["a"]]'), "is no list of folders"),
        (("gea", "--set", 'data=[["a",-1]]'), "a weight above 0"),
        (("gea", "--dataset", "nowhere"), "nowhere"),
    ],
)
def test_what_makes_no_sense_is_one_line(words, told, tmp_path, capsys):
    agent, *rest = words
    assert run("train", agent, "langr.train", *rest, "--out", tmp_path / "one") == 2
    said = capsys.readouterr().err
    assert re.search(told, said)
    assert said.count("\n") == 1
    assert not (tmp_path / "one").exists()
