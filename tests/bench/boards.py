"""What a site costs: a thousand submissions read, counted again and written; a page opened."""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome, TraceRef
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import PackedRun, pack
from polyathlon.leaderboard.summary import summarise

SUBMISSIONS = 1000
FAMILIES = ("arm", "grid", "game", "walk")
TASKS_A_FAMILY, EPISODES, STEPS = 3, 10, 20
"""As many tasks and episodes as the warm-up has, or a few more."""


def _manifest(number: int) -> Manifest:
    body = Embodiment(id="keys", kind="discrete", action_names=("left", "right", "ahead"))
    tasks = tuple(
        TaskSpec(
            id=f"{family}.task-{place}-v0",
            entry_point="nowhere:Nothing",
            embodiment=body,
            instruction="go there",
            max_episode_steps=STEPS,
            score="return" if family == "game" else "success",
            ceiling=20.0 if family == "game" else 1.0,
        )
        for family in FAMILIES
        for place in range(TASKS_A_FAMILY)
    )
    benchmark = Benchmark(
        id="bench",
        title="Made up, to be counted",
        tasks=tuple(task.id for task in tasks),
        episodes_per_task=EPISODES,
        headline="score",
    )
    return Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tasks,
        agent=AgentRecord(name=f"agent {number}", path="some:One", dialect="native"),
        max_attempts=3,
        packages={"polyathlon": "0.1.0"},
        created="2026-01-01T00:00:00Z",
    )


def submission(number: int) -> bytes:
    """One submission of an agent of its own, with made-up episodes."""
    manifest, dice = _manifest(number), np.random.default_rng(number)
    strength = dice.beta(2, 2)
    results, actions = [], bytearray()
    for spec in manifest.tasks:
        for index in range(EPISODES):
            packed, digest = pack_actions([int(one) for one in dice.integers(0, 3, STEPS)])
            won = bool(dice.random() < strength)
            reward = float(dice.integers(0, 20)) if spec.score == "return" else float(won)
            results.append(
                EpisodeResult(
                    plan=EpisodePlan(
                        task=spec.id, index=index, seed=manifest.benchmark.seed_of(spec.id, index)
                    ),
                    outcome=Outcome.SUCCESS if won else Outcome.FAILURE,
                    total_reward=reward,
                    score=spec.normalise(reward, won),
                    steps=STEPS,
                    instruction="go there",
                    trace=TraceRef(offset=len(actions), length=len(packed), digest=digest),
                    reward_digest=f"{index:064x}",
                    start_digest=f"{index:064x}",
                    end_digest=f"{number:064x}",
                    wall_time=0.5,
                )
            )
            actions += packed
    run = PackedRun(
        manifest=manifest,
        results=tuple(results),
        actions=bytes(actions),
        result=summarise(manifest, results),
    )
    return write_archive(pack(f"Agent {number}", [msgspec.structs.replace(run)]))


def submissions(folder: Path, count: int) -> None:
    """Writes so many submissions."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"agent-{number:04d}.zip").write_bytes(submission(number))


PROGRAM = """
import re, resource, sys
from pathlib import Path
from polyathlon.cli import main
if __name__ == "__main__":
    try:
        main(["leaderboard", "build", sys.argv[1], "--out", sys.argv[2]])
    except SystemExit as done:
        assert not done.code
    own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024)
"""
"""Builds a site and says the greatest memory of its processes [MB], not of what started them."""


def building(count: int = SUBMISSIONS) -> list[tuple[str, float]]:
    """Seconds and memory of building a site, in a process of its own, and what it weighs."""
    place = Path(tempfile.mkdtemp(prefix="polyathlon-board-"))
    try:
        submissions(place / "in", count)
        command = [sys.executable, "-c", PROGRAM, str(place / "in"), str(place / "site")]
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        seconds, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        size = sum(path.stat().st_size for path in (place / "site").rglob("*") if path.is_file())
        rows: list[tuple[str, float]] = [
            (f"building a site of {count:,} submissions [s]", seconds),
            ("the same, processor time of all its processes [s]", spent),
            ("greatest memory of one process [MB]", float(told.splitlines()[-1])),
            ("the site [MB]", size / 1e6),
        ]
        return rows + opening(place / "site")
    finally:
        shutil.rmtree(place, ignore_errors=True)


PAGES = {
    "first page": ("index.html", "document.querySelector('.programme tbody tr')"),
    "board": ("board/*.html", "document.querySelector('.sort')"),
    "submission": ("submission/*.html", "document.querySelector('.steps')"),
    "difference": ("difference/*.html", "document.querySelector('.verdict .headline')"),
}
"""By kind of page: where it lies, and what is there once it can be used."""


def opening(site: Path, times: int = 5) -> list[tuple[str, float]]:
    """From an address to a page that can be used and is painted; two rows a kind of page.

    The second is the processor time of the thread that runs the page: on a busy machine the
    first says more of the others.
    """
    from polyathlon.tasks.miniwob import browser as browsers
    from polyathlon.tasks.miniwob.binary import BrowserMissing

    try:
        browser = browsers.lease()
    except BrowserMissing:
        return []
    rows = []
    for name, (pattern, ready) in PAGES.items():
        page = sorted(site.glob(pattern))[0]
        found = [_open(browser, page, ready) for _ in range(times)]
        words = f"opening the {name}, {page.stat().st_size / 1000:,.0f} kB"
        for kind, column in zip(("[s]", "[s of processor]"), zip(*found, strict=True), strict=True):
            rows.append((f"{words} {kind}", statistics.median(column)))
    browsers.release(browser)
    return rows


def _open(browser: Any, page: Path, ready: str) -> tuple[float, float]:
    context = browser.call("Target.createBrowserContext")["browserContextId"]
    target = browser.call(
        "Target.createTarget", {"url": "about:blank", "browserContextId": context}
    )["targetId"]
    attached = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})
    session = str(attached["sessionId"])
    loaded: list[str] = []
    browser.listen(session, lambda event, told: loaded.append(event))
    browser.call("Page.enable", {}, session)
    browser.call("Performance.enable", {"timeDomain": "threadTicks"}, session)
    begun = time.perf_counter()
    browser.call("Page.navigate", {"url": page.resolve().as_uri()}, session)
    browser.await_event(lambda: "Page.loadEventFired" in loaded, session)
    # Two frames after it can be used, what was drawn has been painted.
    waited = (
        "new Promise((done) => { const look = () => "
        f"({ready}) ? requestAnimationFrame(() => requestAnimationFrame(done)) "
        ": setTimeout(look, 5); look(); }).then(() => 0)"
    )
    browser.call("Runtime.evaluate", {"expression": waited, "awaitPromise": True}, session)
    seconds = time.perf_counter() - begun
    metrics = browser.call("Performance.getMetrics", {}, session)["metrics"]
    browser.listen(session, None)
    browser.call("Target.disposeBrowserContext", {"browserContextId": context})
    return seconds, {one["name"]: one["value"] for one in metrics}["TaskDuration"]
