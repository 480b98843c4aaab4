"""Where an episode's time goes, and how many slots play fastest: told, drawn, and found."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks import tuning
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.tuning import Tuner
from polyathlon.benchmarks.workers.channel import PROGRESS
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits, State
from polyathlon.cli.clock import INKS, bar
from polyathlon.cli.evaluate import eval_command
from polyathlon.core.episode import TIMES, EpisodePlan, EpisodeResult
from polyathlon.core.stopwatch import Stopwatch

Play = Callable[..., list[EpisodeResult]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    """Plays some episodes of a world on real workers."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "worlds"))
    import faulty_worlds

    known = {task.id: task for task in faulty_worlds.FAMILY.tasks}

    def played(
        agent: Any, episodes: int = 2, slots: int = 1, film: bool = False,
        tuner: Tuner | None = None, **world: Any,
    ) -> list[EpisodeResult]:  # fmt: skip
        task = "faulty.sound-v0"
        found: list[EpisodeResult] = []
        with Pool(slots, Limits()) as pool:
            Runner(
                pool, agent, known, {task: world}, 1, lambda entry: found.append(entry.result),
                media=lambda plan: str(tmp_path / str(plan.index)) if film else "", tuner=tuner,
            ).run([EpisodePlan(task=task, index=k, seed=k) for k in range(episodes)])  # fmt: skip
        return found

    return played


class Slow(RandomAgent):
    """Thinks for a while."""

    def act(self, observations: Any, slots: Any) -> Any:
        time.sleep(0.004)
        return super().act(observations, slots)


def most(result: EpisodeResult) -> str:
    return max(result.times, key=lambda name: result.times[name])


def test_each_part_gets_its_time(play: Play) -> None:
    for result in play(Slow()):
        assert most(result) == "policy"
        assert result.times["policy"] >= 20 * 0.004
    for result in play(RandomAgent(), step_seconds=0.004):
        assert most(result) == "environment"
        assert result.times["environment"] >= 20 * 0.004
    filmed = play(RandomAgent(), film=True, render_mode="rgb_array")
    assert all(one.times["rendering"] > 0 for one in filmed)
    assert all(one.times["rendering"] == 0 for one in play(None))


@pytest.mark.parametrize("agent", [Slow(), None], ids=["agent", "oracle"])
def test_the_parts_are_the_whole(play: Play, agent: Any) -> None:
    for result in play(agent, slots=2, step_seconds=0.001):
        assert tuple(result.times) == TIMES
        assert sum(result.times.values()) == pytest.approx(result.wall_time, abs=0.001)
        assert min(result.times.values()) >= 0


def test_a_stopwatch_counts_what_is_inside_once() -> None:
    watch = Stopwatch()

    @watch.counts
    def inner() -> None:
        time.sleep(0.01)

    @watch.counts
    def outer() -> None:
        inner()
        raise KeyError

    begun = time.perf_counter()
    with pytest.raises(KeyError):
        outer()
    assert 0.01 <= watch.seconds <= time.perf_counter() - begun
    before = watch.seconds
    time.sleep(0.002)
    assert watch.seconds == before


@pytest.mark.parametrize(
    "times",
    [
        {"policy": 1.0, "environment": 1.0, "rendering": 1.0, "waiting": 0.0},
        {"policy": 0.004, "environment": 0.5, "rendering": 0.495, "waiting": 0.001},
        {"policy": 0.0},
        {},
    ],
)
def test_a_bar_is_as_long_as_any_other(times: dict[str, float]) -> None:
    drawn = bar(times)
    assert len(drawn) == 40
    assert set(drawn) <= set(INKS.values())


class Machine:
    """Slots that step at a rate of their own, over a clock that the test moves."""

    def __init__(self, rate: Callable[[int], float], most: int) -> None:
        self.now, self._rate = 0.0, rate
        self.slots: Any = [
            SimpleNamespace(state=State.BUSY, channel=SimpleNamespace(words={PROGRESS: 0}))
            for _ in range(most)
        ]
        self.told: list[str] = []
        self.tuner = Tuner(most, self.told.append, lambda: self.now)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            self.now += 0.1
            count = self.tuner.active
            for slot in self.slots[:count]:
                slot.channel.words[PROGRESS] += int(100 * self._rate(count) / count)
            self.tuner.look(self.slots)


@pytest.mark.parametrize(
    ("rate", "most", "best"),
    [
        (lambda count: min(count, 4), 16, 4),
        (lambda count: 1.0, 16, 1),
        (lambda count: count**0.5, 16, 16),
        (lambda count: min(count, 2) - 0.1 * count, 16, 2),
        (lambda count: 1.0, 1, 1),
    ],
    ids=["four cores", "no gain", "always a gain", "crowded", "one"],
)
def test_the_best_number_of_slots_is_found(
    rate: Callable[[int], float], most: int, best: int
) -> None:
    machine = Machine(rate, most)
    machine.run(60)
    assert machine.tuner.active == best
    assert len(machine.told) == (most > 1)


def test_a_slot_that_is_being_made_is_waited_for() -> None:
    machine = Machine(lambda count: float(count), 2)
    machine.slots[0].state = State.SETTING_UP
    machine.run(60)
    assert machine.tuner.rates == {}
    machine.slots[0].state = State.WAITING
    machine.run(60)
    assert set(machine.tuner.rates) == {1, 2}


def test_a_run_that_is_over_too_soon_says_so() -> None:
    machine = Machine(lambda count: float(count), 4)
    machine.run(4)
    machine.tuner.close()
    machine.tuner.close()
    (told,) = machine.told
    assert "over before the best number of slots was known (steps a second by slots: 1: " in told


def test_slots_are_found_while_real_episodes_are_played(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "WINDOW", 0.1)
    tuner = Tuner(2)
    found = play(RandomAgent(), episodes=60, slots=2, tuner=tuner, step_seconds=0.0005)
    expected = play(RandomAgent(), episodes=60, step_seconds=0.0005)
    assert set(tuner.rates) == {1, 2}
    assert sorted(one.plan.index for one in found) == list(range(60))
    digests = {one.plan.index: one.end_digest for one in expected}
    assert {one.plan.index: one.end_digest for one in found} == digests


def test_a_run_draws_where_its_time_went(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(
        eval_command,
        ["babyai.go-to-red-ball", "--agent", "random", "--episodes", "2", "--slots", "auto",
         "--video", "0", "--out", str(tmp_path / "run"), "--profile"],
        standalone_mode=False,
    )  # fmt: skip
    assert done.exception is None, done.output
    printed = done.output + capfd.readouterr().out
    assert "time     policy" in printed
    (row,) = [line for line in printed.splitlines() if INKS["waiting"] * 3 in line]
    assert row.startswith("babyai.go-to-red-ball-v0")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--slots", "many"], "or auto"),
        (["--slots", "auto", "--engine", "ray"], "give a number"),
        (["--slots", "1", "--actor-slots", "2"], "--actor-slots is for --engine ray"),
        (["--slots", "1", "--actor-gpus", "0"], "--actor-gpus is for --engine ray"),
    ],
)
def test_slots_that_are_none_are_refused(given: list[str], words: str) -> None:
    done = CliRunner().invoke(eval_command, ["babyai.open", "--agent", "random", *given])
    assert words in str(done.exception)
