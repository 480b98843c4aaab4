"""A real run, packed; and what a forger would do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.core.episode import EpisodeResult
from polyathlon.core.journal import read_journal
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import INDEX, PackedRun, describe_file, pack, pack_run
from polyathlon.leaderboard.summary import summarise, write_result

TASKS = "babyai.go-to-obj,babyai.open"
"""Of one family: what is dear is starting a worker and importing its world."""
EPISODES = 4


class Silent:
    """Watches an evaluation without a word."""

    def begin(self, total: int, done: Any) -> None: ...

    def recorded(self, result: EpisodeResult) -> None: ...

    def noted(self, text: str) -> None: ...


def play(directory: Path, pattern: str = TASKS, episodes: int = EPISODES, slots: int = 2) -> Path:
    """A real run of the random agent."""
    record, agent = load_agent("random", AGENTS)
    settings = Settings(slots=slots)
    benchmark = choose_benchmark(pattern, episodes)
    manifest = evaluate(benchmark, record, agent, directory, settings, Silent())
    write_result(directory, summarise(manifest, read_journal(directory)))
    return directory


@pytest.fixture(scope="session")
def played() -> Callable[..., Path]:
    """``play``, for tests."""
    return play


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory of two tasks by two slots."""
    return play(tmp_path_factory.mktemp("submissions") / "run")


@pytest.fixture(scope="session")
def packed(run: Path) -> PackedRun:
    """The run in memory."""
    return pack_run(run)


@pytest.fixture(scope="session")
def members(packed: PackedRun) -> Mapping[str, bytes]:
    """The files of its submission."""
    return pack("Uniform play", [packed])


@pytest.fixture
def filed(tmp_path: Path) -> Callable[[Mapping[str, bytes]], Path]:
    """Writes files as the archive of a submission."""

    def write(files: Mapping[str, bytes]) -> Path:
        path = tmp_path / "submission.zip"
        path.write_bytes(write_archive(files))
        return path

    return write


@pytest.fixture(scope="session")
def rehashed() -> Callable[[Mapping[str, bytes]], dict[str, bytes]]:
    """Files whose index names them as they are now: what is changed is no longer seen by hash."""

    def again(files: Mapping[str, bytes]) -> dict[str, bytes]:
        index = json.loads(files[INDEX])
        for entry in index["runs"]:
            entry["files"] = [
                msgspec.to_builtins(describe_file(one["name"], files[one["name"]]))
                for one in entry["files"]
            ]
        text = json.dumps(index, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return {**files, INDEX: text.encode()}

    return again


@pytest.fixture(scope="session")
def forged(packed: PackedRun) -> Callable[[Callable[[EpisodeResult], EpisodeResult]], Any]:
    """The submission with every episode changed, and every figure, chain and hash made anew."""

    def forge(change: Callable[[EpisodeResult], EpisodeResult]) -> dict[str, bytes]:
        specs = {spec.id: spec for spec in packed.manifest.tasks}
        results = []
        for one in map(change, packed.results):
            won = one.outcome.value == "success"
            score = specs[one.plan.task].normalise(one.total_reward, won)
            results.append(msgspec.structs.replace(one, score=score))
        return pack(
            "Uniform play",
            [
                msgspec.structs.replace(
                    packed, results=tuple(results), result=summarise(packed.manifest, results)
                )
            ],
        )

    return forge
