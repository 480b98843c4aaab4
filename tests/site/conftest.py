"""Submissions by agents that differ, a site of them, and a browser that visits it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome, TraceRef
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.intake import Found, read
from polyathlon.leaderboard.media import open_folder_beside
from polyathlon.leaderboard.submission import Card, PackedRun, pack
from polyathlon.leaderboard.summary import summarise
from polyathlon.leaderboard.verification import beside, draw, judge, write_verification

EPISODES, STEPS = 6, 12

BODIES = {
    "arm": Embodiment(
        id="arm", kind="continuous", action_names=("x", "grip"), action_units=("m/s", "1"),
        low=(-1.0, -1.0), high=(1.0, 1.0),
    ),
    "grid": Embodiment(id="keys", kind="discrete", action_names=("left", "right", "ahead")),
    "home": Embodiment(id="words", kind="text"),
}  # fmt: skip


def _tasks(families: Sequence[str]) -> tuple[TaskSpec, ...]:
    return tuple(
        TaskSpec(
            id=f"{family}.{name}-v0",
            entry_point="nowhere:Nothing",
            embodiment=BODIES[family],
            instruction=f"{name} something",
            max_episode_steps=STEPS,
            score="return" if family == "grid" else "success",
            ceiling=10.0 if family == "grid" else 1.0,
        )
        for family in families
        for name in ("find", "move")
    )


def _taken(body: Embodiment, dice: np.random.Generator) -> list[Any]:
    if body.kind == "continuous":
        return [dice.uniform(-1, 1, 2) for _ in range(STEPS)]
    if body.kind == "discrete":
        return [int(one) for one in dice.integers(0, 3, STEPS)]
    return [f"go to room {one}" for one in dice.integers(0, 9, STEPS)]


def a_run(
    agent: str,
    strength: float,
    seed: int,
    families: Sequence[str] = ("arm", "grid", "home"),
    spoil: float = 1.0,
) -> PackedRun:
    """A run of made-up episodes: real files, real figures, no simulator.

    Actions that are numbers are multiplied with ``spoil``.
    """
    tasks, dice = _tasks(families), np.random.default_rng(seed)
    benchmark = Benchmark(
        id="little",
        title="A few tasks of each family",
        tasks=tuple(task.id for task in tasks),
        episodes_per_task=EPISODES,
        headline="score",
    )
    manifest = Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tasks,
        agent=AgentRecord(name=agent, path="some.where:One", dialect="native"),
        max_attempts=3,
        packages={"polyathlon": "0.1.0", "numpy": "2"},
        machine={"system": "Linux"},
        command=("polyathlon", "eval", "little", "--agent", agent),
        created="2026-01-01T00:00:00Z",
    )
    results, actions = [], bytearray()
    for spec in tasks:
        for index in range(EPISODES):
            taken = _taken(spec.embodiment, dice)
            packed, digest = pack_actions(
                [one * spoil for one in taken] if isinstance(taken[0], np.ndarray) else taken
            )
            won = bool(dice.random() < strength)
            reward = float(dice.integers(0, 10)) + won
            results.append(
                EpisodeResult(
                    plan=EpisodePlan(
                        task=spec.id, index=index, seed=benchmark.seed_of(spec.id, index)
                    ),
                    outcome=Outcome.SUCCESS if won else Outcome.FAILURE,
                    total_reward=reward,
                    score=spec.normalise(reward, won),
                    steps=STEPS,
                    instruction=f"{spec.instruction} in room {index}",
                    trace=TraceRef(offset=len(actions), length=len(packed), digest=digest),
                    reward_digest="1" * 64,
                    start_digest="2" * 64,
                    end_digest="3" * 64,
                    wall_time=0.5,
                )
            )
            actions += packed
    return PackedRun(
        manifest=manifest,
        results=tuple(results),
        actions=bytes(actions),
        result=summarise(manifest, results),
    )


AGENTS = (("Weak", 0.2), ("Middling", 0.5), ("Strong", 0.8), ("Stronger", 0.85))
CARD = Card(
    authors=("Ada Lovelace",), description="Moves. 1 < 2 && 3 > 2", url="https://example.org/a"
)


def write(folder: Path, name: str, run: PackedRun, card: Card | None = None) -> Path:
    """A submission in a file."""
    path = folder / f"{name.lower()}.zip"
    path.write_bytes(write_archive(pack(name, [run], card)))
    return path


def verify(path: Path, failed: bool = False) -> None:
    """Puts a verdict beside a submission, as if its episodes had been played again."""
    from polyathlon.leaderboard.verification import Check

    intake = read(Found(path, path.name, named=True))
    check = Check(
        benchmark="little", task="arm.find-v0", index=0, by="bit", matches=not failed,
        what="outcome: success recorded, failure here" if failed else "",
        recorded=(True, 1.0), played=(not failed, 1.0),
    )  # fmt: skip
    sample = draw(36, 4, seed=7)
    verdict = judge(intake.digest, sample, [check] * 4, "", {"system": "Linux"}, {"numpy": "2"})
    write_verification(beside(path), verdict)


def film(path: Path) -> None:
    """Pictures of one episode beside a submission: a strip of all its frames."""
    intake = read(Found(path, path.name, named=True))
    folder = open_folder_beside(path, intake.digest) / "0"
    folder.mkdir()
    strip = Image.new("RGB", (16 * (STEPS + 1), 16))
    for step in range(STEPS + 1):
        strip.paste((20 * step, 80, 255 - 20 * step), (16 * step, 0, 16 * step + 16, 16))
    strip.save(folder / "grid.find-v0-0.strip.webp", lossless=True)


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: four agents of one programme, one of another, one broken, one failed."""
    folder = tmp_path_factory.mktemp("board") / "submissions"
    folder.mkdir()
    for seed, (name, strength) in enumerate(AGENTS):
        write(folder, name, a_run(name.lower(), strength, seed), CARD)
    write(folder, "Elsewhere", a_run("elsewhere", 0.5, 9, families=("arm", "grid")))
    verify(folder / "strong.zip")
    verify(folder / "weak.zip", failed=True)
    film(folder / "strong.zip")
    broken = bytearray((folder / "middling.zip").read_bytes())
    broken[len(broken) // 2] ^= 1
    (folder / "broken.zip").write_bytes(broken)
    return folder


@pytest.fixture(scope="session")
def site(submissions: Path) -> Path:
    """The site of that folder."""
    from polyathlon.leaderboard.website.build import build_site

    out = submissions.parent / "site"
    build_site([submissions], out)
    return out


@pytest.fixture
def copied(submissions: Path, tmp_path: Path) -> Path:
    """The folder, to be changed at will."""
    return Path(shutil.copytree(submissions, tmp_path / "submissions"))


@pytest.fixture
def infinite(tmp_path: Path) -> Path:
    """A submission that is valid, and whose actions are no numbers."""
    return write(tmp_path, "Infinite", a_run("infinite", 0.5, 4, spoil=float("nan")))


@pytest.fixture
def made_run() -> Callable[[Path, str, str], Path]:
    """Writes a run directory whose names may be anything: no archive, no rules for names."""
    from polyathlon.core.journal import Entry, Journal
    from polyathlon.core.manifest import write_manifest
    from polyathlon.leaderboard.validation import actions_of

    def make(folder: Path, agent: str, words: str) -> Path:
        run = a_run("x", 0.5, 3 + len(agent))
        benchmark = msgspec.structs.replace(run.manifest.benchmark, title=words)
        manifest = msgspec.structs.replace(
            run.manifest,
            agent=AgentRecord(name=agent, path=agent, dialect=agent),
            benchmark=benchmark,
            benchmark_digest=benchmark.digest(),
            packages={agent: agent},
            command=(agent,),
        )
        folder.mkdir(parents=True)
        write_manifest(folder, manifest)
        with Journal(folder) as journal:
            for one in run.results:
                told = msgspec.structs.replace(one, instruction=words, trace=None)
                journal.append([Entry(told, *pack_actions(actions_of(run, one)))])
        return folder

    return make


class Visitor:
    """A page of its own in a real browser, that remembers whatever the browser complains of."""

    def __init__(self, browser: Any, width: int = 1200, dark: bool = False) -> None:
        self.browser, self.width = browser, width
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": self._context}
        )["targetId"]
        attached = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = str(attached["sessionId"])
        browser.listen(self._session, self._hear)
        for method in ("Page.enable", "Runtime.enable", "Log.enable", "Network.enable"):
            self.call(method)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return dict(self.browser.call(method, parameters, self._session))

    def _hear(self, event: str, told: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded = True
        elif event == "Log.entryAdded":
            self.problems.append(f"{told['entry']['level']}: {told['entry']['text']}")
        elif event == "Runtime.exceptionThrown":
            self.problems.append(str(told["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled":
            self.problems.append(str(told["args"]))
        elif event == "Network.requestWillBeSent":
            self.requests.append(str(told["request"]["url"]))

    def open(self, path: Path, fragment: str = "") -> Visitor:
        self._loaded = False
        address = path.resolve().as_uri() + fragment
        answer = self.call("Page.navigate", url=address)
        if answer.get("loaderId"):  # Another fragment of the same page loads nothing.
            self.browser.await_event(lambda: self._loaded, self._session)
        return self

    def follow(self, expression: str) -> None:
        """Does what leads to another page, and waits until that has loaded."""
        self._loaded = False
        self.evaluate(expression)
        self.browser.await_event(lambda: self._loaded, self._session)

    def evaluate(self, expression: str) -> Any:
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Waits in the page until an expression is true; the browser loses patience in the end."""
        self.evaluate(
            "new Promise((done) => { const look = () => "
            f"({condition}) ? done() : setTimeout(look, 20); look(); }})"
        )

    def press(self, key: str, text: str = "") -> None:
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39, "ArrowDown": 40}
        text = {"Enter": "\r", " ": " "}.get(key, text)
        event = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, words: str) -> None:
        self.call("Input.insertText", text=words)

    def close(self) -> None:
        self.browser.listen(self._session, None)
        self.browser.call("Target.disposeBrowserContext", {"browserContextId": self._context})


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all the pages."""
    from polyathlon.tasks.miniwob import browser as browsers
    from polyathlon.tasks.miniwob.binary import BrowserMissing

    try:
        leased = browsers.lease()
    except BrowserMissing as missing:
        pytest.skip(str(missing))
    yield leased
    browsers.release(leased)


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visitor]]:
    """Opens a page of a site."""
    visitors: list[Visitor] = []

    def go(path: Path, fragment: str = "", width: int = 1200, dark: bool = False) -> Visitor:
        visitors.append(Visitor(browser, width, dark))
        return visitors[-1].open(path, fragment)

    yield go
    for visitor in visitors:
        visitor.close()
