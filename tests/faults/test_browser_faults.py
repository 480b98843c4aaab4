"""A browser that dies under an episode costs an attempt, never a score."""

from __future__ import annotations

import re

import psutil
import pytest

from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.tasks import catalogue
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser

pytest.importorskip("miniwob", reason="the miniwob package is not installed")
try:
    find_browser()
except BrowserMissing as missing:
    pytest.skip(str(missing), allow_module_level=True)


def browsers(pool: Pool) -> list[psutil.Process]:
    """The main processes of the browsers under the workers."""
    return [
        child
        for slot in pool.slots
        if slot.process is not None
        for child in psutil.Process(slot.process.pid).children()
    ]


class Saboteur:
    """Clicks the button of click-test, but kills the browser before its first so many clicks."""

    dialect = "native"

    def __init__(self, kills: int) -> None:
        self.kills = kills
        self.killed: list[psutil.Process] = []
        self.pool: Pool

    def reset(self, slots, briefs):
        assert all("click(<1..64>)" in brief.action_space.forms for brief in briefs)

    def act(self, observations, slots):
        if len(self.killed) < self.kills:
            (found,) = browsers(self.pool)
            found.kill()
            self.killed.append(found)
        refs = [re.search(r"\[(\d+)\] button", seen["dom"])[1] for seen in observations]
        return [f"click({ref})" for ref in refs]


def played(agent: Saboteur) -> tuple[EpisodeResult, list[psutil.Process]]:
    spec = catalogue.find("miniwob.click-test")
    results: list[EpisodeResult] = []
    seen: list[psutil.Process] = []

    def finished(entry):
        results.append(entry.result)
        seen.extend(browsers(agent.pool))

    agent.pool = Pool(1, Limits(startup=120.0, step=60.0))
    try:
        plans = [EpisodePlan(task=spec.id, index=0, seed=7)]
        Runner(agent.pool, agent, {spec.id: spec}, {spec.id: {}}, 3, finished).run(plans)
    finally:
        agent.pool.close()
    return results[0], [*seen, *agent.killed]


def test_an_episode_is_played_again_in_a_new_browser():
    result, seen = played(Saboteur(kills=1))
    assert result.outcome is Outcome.SUCCESS
    assert result.attempts == 2
    assert seen
    assert not psutil.wait_procs(seen, timeout=20)[1]


def test_a_browser_that_dies_every_time_makes_it_invalid():
    result, seen = played(Saboteur(kills=9))
    assert result.outcome is Outcome.INVALID
    assert result.attempts == 3
    assert "the browser is gone" in str(result)
    assert not psutil.wait_procs(seen, timeout=20)[1]
