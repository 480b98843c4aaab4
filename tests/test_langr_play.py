"""Official episodes in our homes: all that are at hand, played by the planner."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyathlon.tasks.langr.environment import LanguageRearrangement
from polyathlon.tasks.langr.official_import import import_path
from polyathlon.tasks.langr.oracle import make_oracle
from polyathlon.tasks.storage import VARIABLE

ROOT = Path(__file__).resolve().parents[1]
OFFICIAL = ROOT.parent / "shared" / "data" / "langr"
AT_HAND = (
    "train-validation", "instruct-rephrasing", "referring-expressions", "spatial", "context",
    "novel-objects", "multiple-rearrange",
)  # fmt: skip


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """The seven files, imported once; the folder is known by the environment variable."""
    if not OFFICIAL.is_dir():
        pytest.skip("the official files are not here")
    folder = tmp_path_factory.mktemp("data")
    found = list(import_path(OFFICIAL, folder))
    assert sum(not one.trouble for one in found) >= len(AT_HAND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        yield folder


@pytest.mark.parametrize("split", AT_HAND)
def test_the_planner_wins_every_official_episode(imported, split):
    env = LanguageRearrangement(split, episodes="official", observations=("instruction",))
    assert env.number_of_episodes == 100
    lost, totals = [], []
    for number in range(100):
        oracle = make_oracle(env)
        observation, info = env.reset(seed=number, options={"episode": number})
        oracle.reset(observation, info)
        total, over = 0.0, False
        while not over:
            observation, reward, terminated, truncated, info = env.step(oracle.act(observation))
            total, over = total + reward, terminated or truncated
        totals.append(total)
        if not info["success"] or info["metrics"]["invalid_actions"]:
            lost.append((number, env.episode.instruction))
    assert not lost
    assert max(totals) <= 15 + 1e-9
    assert min(totals) >= 10 - 1e-9


def test_official_episodes_are_drawn(imported):
    env = LanguageRearrangement("context", episodes="official", image_size=64)
    first, _ = env.reset(seed=0, options={"episode": 0})
    assert first["rgb"].std() > 10
    assert env.render_info["episodes"].startswith("official, SHA-256 ")
    env.close()


def test_without_an_import_it_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match="polyathlon data import langr"):
        LanguageRearrangement("context", episodes="official")


def test_the_tour_draws_three_views(tmp_path, monkeypatch, capsys):
    script = ROOT / "examples" / "langr_tour.py"
    out = tmp_path / "tour"
    monkeypatch.setattr(sys, "argv", [str(script), "--out", str(out), "--size", "96"])
    runpy.run_path(str(script), run_name="__main__")
    assert sorted(path.name for path in out.iterdir()) == [
        "head.png",
        "third-person.png",
        "top-down.png",
    ]
    for path in out.iterdir():
        with Image.open(path) as picture:
            assert picture.size == (96, 96)
            assert np.asarray(picture).std() > 10
    assert str(out) in capsys.readouterr().out
