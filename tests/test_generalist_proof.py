"""The proof of a small GEA: places on a screen, halves of a list, and the verdict."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from generalist import ASKED, by_cell, numbers
from teaching import JUDGED, TAUGHT, Lesson, begin, play
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
    ("before", "alone", "after", "code"),
    [(0.8, 0.8, 1.0, 0), (0.4, 0.4, 1.0, 1), (0.8, 0.8, 0.8, 1), (0.8, 1.0, 1.0, 1)],
    ids=["all holds", "cloned too badly", "practice changes nothing", "reward adds nothing"],
)
def test_the_verdict_is_that_of_the_scores(tmp_path, capsys, before, alone, after, code):
    def scores(share):
        return [1.0] * round(10 * share) + [0.0] * round(10 - 10 * share)

    known = {"oracle": {"walk": [1.0] * 10}, "random": {"walk": [0.0] * 10}}
    (tmp_path / "measure.json").write_text(json.dumps(known))
    for seed in range(2):
        folder = tmp_path / f"seed-{seed}"
        folder.mkdir()
        practice = {"begun": before, "supervised": alone, "practised": after}
        parts = {"cloning": {"cloned": before}, "practice": practice}
        for part, found in parts.items():
            told = {stage: {"walk": scores(share)} for stage, share in found.items()}
            (folder / f"{part}.json").write_text(json.dumps({**told, "seconds": 60}))
    assert show(tmp_path, ("walk",)) == code
    assert f"{before:.2f} [" in capsys.readouterr().out


def test_what_is_practised_of_a_list_is_of_the_taught_half_and_asked_for():
    task = catalogue.find("langr.train")
    env = catalogue.build(task)
    for number in numbers()[:: len(numbers()) // 5]:
        assert number < task.numbered_episodes // 2
        env.reset(seed=0, options={"episode": number})
        assert env.unwrapped.episode.family in ASKED
    env.close()


class Drifter:
    """Goes where its dice say, which are those of the episode."""

    def __init__(self) -> None:
        self._dice = {}

    def reset(self, slots, briefs):
        """New dice for those slots."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = np.random.default_rng(brief.agent_seed)

    def act(self, observations, slots):
        """A turn or a step for each slot."""
        return [int(self._dice[slot].integers(3)) for slot in slots]


def test_scores_stand_in_the_order_of_the_episodes():
    name, lesson = "babyai.go-to-red-ball-no-dists", Lesson(("rgb",), 2)
    one_by_one = play(Drifter(), name, lesson, 12, slots=1)
    assert play(Drifter(), name, lesson, 12, slots=5) == one_by_one
    assert 0 < sum(one_by_one) < 12
