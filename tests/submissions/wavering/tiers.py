"""Plays a run a tier, and verifies it as it is, as forged, and as of elsewhere; prints verdicts."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.cli import main
from polyathlon.core.episode import EpisodeResult, Outcome
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import PackedRun, pack, pack_run
from polyathlon.leaderboard.summary import summarise
from polyathlon.leaderboard.verification import beside, read_verification

EPISODES = {"bit": 4, "platform": 4, "statistical": 60}

replace = msgspec.structs.replace


class Silent:
    """Watches an evaluation without a word."""

    def begin(self, total: int, done: object) -> None: ...

    def recorded(self, result: object) -> None: ...

    def noted(self, text: str) -> None: ...


def played(folder: Path, tier: str) -> PackedRun:
    record, agent = load_agent("random", AGENTS)
    benchmark = choose_benchmark(f"wavering.{tier}", EPISODES[tier])
    evaluate(benchmark, record, agent, folder / tier, Settings(slots=1), Silent())
    return pack_run(folder / tier)


def forged(run: PackedRun, change: Callable[[EpisodeResult], EpisodeResult]) -> PackedRun:
    """Every episode changed, and every figure made anew."""
    results = []
    for one in map(change, run.results):
        results.append(replace(one, score=float(one.outcome is Outcome.SUCCESS)))
    return replace(run, results=tuple(results), result=summarise(run.manifest, results))


def won(one: EpisodeResult) -> EpisodeResult:
    return replace(one, outcome=Outcome.SUCCESS, total_reward=abs(one.total_reward) + 5.0)


def first_won(one: EpisodeResult) -> EpisodeResult:
    return won(one) if one.plan.index == 0 else one


def elsewhere(run: PackedRun) -> PackedRun:
    """As if another kind of processor had played it."""
    machine = {**run.manifest.machine, "processor": "riscv64"}
    return replace(run, manifest=replace(run.manifest, machine=machine))


def verdict(path: Path, run: PackedRun, more: str = "0") -> dict[str, object]:
    """What ``verify --all`` says of it on a machine that adds so much to every reward."""
    path.write_bytes(write_archive(pack("Uniform play", [run])))
    os.environ["WAVERING"] = more
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            main(["leaderboard", "verify", str(path), "--all"])
        except SystemExit as ended:
            code = ended.code
    found = read_verification(beside(path))
    assert found is not None
    return {"code": code, "status": found.status, "reason": found.reason, "by_bit": found.by_bit,
            "checked": found.checked}  # fmt: skip


def tell(folder: Path) -> dict[str, dict[str, object]]:
    runs = {tier: played(folder, tier) for tier in EPISODES}
    path = folder / "submission.zip"
    bit, platform, statistical = runs["bit"], runs["platform"], runs["statistical"]
    return {
        "bit": verdict(path, bit),
        "bit, forged": verdict(path, forged(bit, first_won)),
        "bit, another machine's last bits": verdict(path, bit, "1e-12"),
        "platform": verdict(path, platform),
        "platform, last bits differ": verdict(path, platform, "1e-12"),
        "platform, more differs": verdict(path, platform, "1e-3"),
        "platform, forged": verdict(path, forged(platform, first_won)),
        "platform, from elsewhere": verdict(path, elsewhere(platform), "1e-12"),
        "platform, from elsewhere, forged": verdict(
            path, elsewhere(forged(platform, flipped)), "1e-12"
        ),
        "statistical": verdict(path, statistical),
        "statistical, one forged": verdict(path, forged(statistical, first_won)),
        "statistical, all forged": verdict(path, forged(statistical, won)),
        "statistical, a shifted world": verdict(path, statistical, "1.0"),
    }


def flipped(one: EpisodeResult) -> EpisodeResult:
    outcome = Outcome.FAILURE if one.outcome is Outcome.SUCCESS else Outcome.SUCCESS
    return replace(one, outcome=outcome)


if __name__ == "__main__":
    print(json.dumps(tell(Path(sys.argv[1]))))
