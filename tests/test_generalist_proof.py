"""The proof of a small GEA: places on a screen, halves of a list, and the verdict."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from generalist import by_cell
from teaching import JUDGED, TAUGHT, begin
from verdict import show

from polyathlon.tasks import catalogue


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("click(531.4815, 876.25)", "click(530, 870)"),
        ("long_press(0, 1000)", "long_press(10, 990)"),
        ('scroll("down")', 'scroll("down")'),
    ],
)
def test_a_place_is_said_by_the_middle_of_its_cell(command, said):
    assert by_cell(command) == said
    assert by_cell(said) == said


def test_what_is_taught_is_never_judged_by():
    task = catalogue.find("androidcontrol.high-train")
    asked = []
    env = SimpleNamespace(reset=lambda seed, options: asked.append(options["episode"]))
    for seed in range(0, 10**6, 999):
        begin(env, task, seed, TAUGHT)
        begin(env, task, seed, JUDGED)
    assert max(asked[::2]) < min(asked[1::2])
    assert max(asked) < task.numbered_episodes


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [(0.8, 1.0, 0), (0.4, 1.0, 1), (0.8, 0.8, 1)],
    ids=["all holds", "cloned too badly", "practice changes nothing"],
)
def test_the_verdict_is_that_of_the_scores(tmp_path, capsys, before, after, code):
    def scores(share):
        return [1.0] * round(10 * share) + [0.0] * round(10 - 10 * share)

    known = {"oracle": {"walk": [1.0] * 10}, "random": {"walk": [0.0] * 10}}
    (tmp_path / "measure.json").write_text(json.dumps(known))
    for seed in range(2):
        folder = tmp_path / f"seed-{seed}"
        folder.mkdir()
        for part, found in (("cloning", {"cloned": before}), ("practice", {"practised": after})):
            told = {stage: {"walk": scores(share)} for stage, share in found.items()}
            (folder / f"{part}.json").write_text(json.dumps({**told, "seconds": 60}))
    assert show(tmp_path, ("walk",)) == code
    assert f"{before:.2f} [" in capsys.readouterr().out
