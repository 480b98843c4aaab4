"""GEA at small size: one set of weights over five families, practice, and four ways to say numbers.

    python tests/proofs/generalist.py demonstrate --out runs/results/gea-mini
    python tests/proofs/generalist.py measure --out runs/results/gea-mini
    python tests/proofs/generalist.py cloning --seed 0 --out runs/results/gea-mini
    python tests/proofs/generalist.py practice --seed 0 --out runs/results/gea-mini
    python tests/proofs/generalist.py dialects --seed 0 --out runs/results/gea-mini
    python tests/proofs/generalist.py table --out runs/results/gea-mini

The oracles' demonstrations are recorded and their scores and chance's measured once; then each part
goes on where it stood, and writes what it found beside what it trained. The last reads what the
seeds have found, prints it, and ends with 1 if a claim does not hold.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import functools
import json
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from teaching import TAUGHT, Lesson, begin, build, demonstrations, measure, play
from verdict import show

from polyathlon.agents.gea.cloning import GeaCloning, Progress
from polyathlon.agents.gea.config import PRESETS, GeaConfig
from polyathlon.agents.gea.player import GeaAgent
from polyathlon.agents.gea.reinforcing import GeaReinforcing
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.stage import World
from polyathlon.core.files import write_atomically
from polyathlon.tasks import catalogue
from polyathlon.tasks.androidcontrol.action import UiAction, format_command, parse_command
from polyathlon.tasks.langr.splits import SPLITS

ASKED = ("311525c5", "68216d8c", "6e3da8a1", "42f1b012")
"""Families of Language Rearrangement that name all that is to be done: go there, open or close the
fridge, move X from A to B."""

CELLS = 50
"""Of a screen, along either side: where it is touched is said by the middle of a cell (GEA,
section 4.2)."""


def is_asked(env: Any) -> bool:
    """Whether the episode of Language Rearrangement that has begun is of those families."""
    return env.unwrapped.episode.family in ASKED


def by_cell(command: str) -> str:
    """A command on a screen with its place moved to the middle of a cell."""
    action = parse_command(command)
    if action.place is None:
        return format_command(action)
    x, y = ((min(int(CELLS * share), CELLS - 1) + 0.5) / CELLS for share in action.place)
    return format_command(UiAction(kind=action.kind, place=(x, y)))


def _arm() -> Lesson:
    return Lesson(("state",), 40, noise=0.1, weight=0.7)


def _grid(count: int, weight: float) -> Lesson:
    return Lesson(("rgb",), count, {"image_size": 56, "view": "partial"}, weight=weight)


LESSONS: Mapping[str, Lesson] = {
    "metaworld.button-press-topdown": _arm(),
    "metaworld.drawer-open": _arm(),
    "metaworld.window-open": _arm(),
    "metaworld.door-close": _arm(),
    "socialnav.frontal-approach": Lesson(("state",), 40, noise=0.1, weight=1.5),
    "babyai.go-to-obj-s4": _grid(400, 1.0),
    "babyai.go-to-red-ball-no-dists": _grid(300, 2.5),
    "langr.train": Lesson(("state",), 600, {}, is_asked, 2.5),
    "androidcontrol.high-train": Lesson(
        ("rgb",), 240, {"image_size": 64}, weight=2.5, said=by_cell
    ),
}
"""Five families and four ways to act: velocities of a hand and of a robot, moves in a grid, skills
in words, commands in writing."""

ARMS: Mapping[str, Lesson] = {
    **{name: one for name, one in LESSONS.items() if name.startswith("metaworld")},
    "metaworld.reach": _arm(),
    "metaworld.push": _arm(),
}
"""What the ways to say continuous actions are compared on: two more, which ask for precision."""

UPDATES = 700
"""Of each way to say them: arms alone need fewer than all families together."""

ALL = {**LESSONS, **ARMS}

PRACTISED: Mapping[str, Lesson] = {
    "babyai.go-to-obj-s4": _grid(20, 0.3),
    "langr.train": LESSONS["langr.train"]._replace(count=100, weight=1.0),
}
"""What is practised, and how little of it is shown before."""

TURNS = ("langr.train", "babyai.go-to-obj-s4", "langr.train", "langr.train")
"""Which the worlds are, in turn: a home has more to learn than a room of four cells."""

BEGINNER: Mapping[str, Lesson] = {
    **LESSONS,
    **PRACTISED,
    # The room of eight cells teaches the way in that of four.
    "babyai.go-to-red-ball-no-dists": _grid(30, 0.5),
}
"""What is cloned before practice: of what has been learnt in full reward has nothing to teach."""

BRIEF = 200
"""Updates of that cloning."""

STEPS = 102_400
"""Of practice, or as many as its minutes allow."""

OTHERS = 20
"""Episodes that tasks which are not practised are judged by, before practice and after it."""

DIALECTS = ("uniform", "vq", "rvq", "pred")


class Clock:
    """Seconds that a part has taken, those before it was cut short as well.

    Args:
        path: where they are kept.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._begun = path, time.monotonic()
        self._before = float(path.read_text()) if path.is_file() else 0.0

    def __call__(self) -> float:
        """What it is by now."""
        spent = self._before + time.monotonic() - self._begun
        self._path.write_text(f"{spent:.1f}")
        return spent


def teach(folder: Path, told: argparse.Namespace, config: GeaConfig) -> None:
    """Stage 1 on the lessons, to its end."""
    sets = demonstrations(told.lessons, told.out / "demonstrations")
    GeaCloning(folder, config, sets).run(watch=lambda one: _tell(one, told.clock))


def _tell(one: Progress, clock: Clock) -> None:
    figures = {name: round(value, 3) for name, value in one.figures.items()}
    print(one.step, round(clock()), figures, flush=True)


def judged(
    folder: Path, counts: Mapping[str, int], told: argparse.Namespace
) -> dict[str, list[float]]:
    """Of each task the scores of so many episodes, several tasks at once."""
    begun, context = time.monotonic(), multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(told.threads, context) as pool:
        waiting = {name: pool.submit(_judge, folder, name, counts[name]) for name in counts}
        found = {name: one.result() for name, one in waiting.items()}
    print(f"judged in {time.monotonic() - begun:.0f} s", flush=True)
    return found


def _judge(folder: Path, name: str, count: int) -> list[float]:
    torch.set_num_threads(1)
    begun = time.monotonic()
    found = play(GeaAgent.load(folder), name, ALL[name], count)
    spent = time.monotonic() - begun
    print(f"{name}: {sum(found) / count:.3f} of {count} episodes, {spent:.0f} s", flush=True)
    return found


def make_worlds(count: int, fields: Sequence[str]) -> list[World]:
    """Worlds of the lessons that are practised, in turn."""
    worlds = []
    for number in range(count):
        name = TURNS[number % len(TURNS)]
        task, lesson = catalogue.find(name), LESSONS[name]
        worlds.append(World(_Wanted(build(task, lesson), task), task))
    return worlds


@functools.cache
def numbers() -> tuple[int, ...]:
    """Of the list of Language Rearrangement, the taught half's episodes of those families."""
    split = SPLITS["train"]
    return tuple(n for n in range(split.episodes // 2) if split.share_of(n).family in ASKED)


class _Wanted:
    """An environment whose episodes are those of a lesson."""

    def __init__(self, env: Any, task: Any) -> None:
        self._env, self._task = env, task
        self._numbers = numbers() if task.numbered_episodes else ()
        self.action_space = env.action_space

    def reset(self, *, seed: int) -> tuple[Any, Any]:
        """An episode by its seed; of a list one of those that are practised."""
        which = self._numbers[seed % len(self._numbers)] if self._numbers else seed
        return begin(self._env, self._task, seed, TAUGHT, which)

    def step(self, action: Any) -> Any:
        """One step."""
        return self._env.step(action)

    def close(self) -> None:
        """Closes it."""
        self._env.close()


def _clone(told: argparse.Namespace, changes: Mapping[str, Any], out: Path) -> dict[str, Any]:
    config = configure(PRESETS, "gea-mini", changes)
    teach(out / "cloned", told, config)
    return {"cloned": judged(out / "cloned", dict.fromkeys(told.lessons, told.episodes), told)}


def _practise(told: argparse.Namespace, changes: Mapping[str, Any], out: Path) -> dict[str, Any]:
    # It is judged as it practises: by drawing.
    brief = {"cloning.updates": BRIEF, "reinforcing.steps": STEPS, "greedy": False}
    changes = {**brief, **changes}
    teach(out / "begun", told, configure(PRESETS, "gea-mini", changes))
    counts = dict.fromkeys(told.lessons, min(OTHERS, told.episodes))
    counts |= dict.fromkeys(PRACTISED, told.episodes)
    training = GeaReinforcing(
        out / "practised",
        configure(PRESETS, "gea-mini", {**changes, "save_every": 2}),
        out / "begun",
        make_worlds,
        demonstrations(told.lessons, told.out / "demonstrations"),
    )

    def watch(one: Progress) -> None:
        _tell(one, told.clock)
        if told.clock() > 60 * told.minutes:
            raise _TimeIsUp

    with contextlib.closing(training.stage), contextlib.suppress(_TimeIsUp):
        training.run(watch=watch)
    training.save()
    begun = _once(out / "begun.json", lambda: judged(out / "begun", counts, told))
    found = judged(out / "practised", counts, told)
    _supervise(out / "supervised", training, told)
    alone = judged(out / "supervised", dict.fromkeys(PRACTISED, told.episodes), told)
    return {"begun": begun, "practised": found, "supervised": alone, "steps": training.steps}


def _supervise(folder: Path, practised: GeaReinforcing, told: argparse.Namespace) -> None:
    """From the same beginning, as many steps along the supervised term alone."""
    training = GeaReinforcing(
        folder, practised.config, folder.with_name("begun"), make_worlds,
        demonstrations(told.lessons, told.out / "demonstrations"),
    )  # fmt: skip
    ppo = practised.config.reinforcing.ppo
    with contextlib.closing(training.stage):
        training.network.eval()
        for number in range(practised.update * ppo.epochs * ppo.minibatches):
            training.optimiser.zero_grad(set_to_none=True)
            training.supervise(f"minibatch {number + 1}")
            training.step()
        training.save()


def _once(path: Path, find: Callable[[], dict[str, list[float]]]) -> dict[str, list[float]]:
    """What was found before a part was cut short, or is found now."""
    if not path.is_file():
        write_atomically(path, json.dumps(find()).encode())
    found: dict[str, list[float]] = json.loads(path.read_text())
    return found


class _TimeIsUp(Exception):
    """Practice has lasted as long as it may."""


def _compare(told: argparse.Namespace, changes: Mapping[str, Any], out: Path) -> dict[str, Any]:
    found = {}
    for dialect in DIALECTS:
        shorter = {"cloning.updates": UPDATES, **changes, "dialect": dialect}
        config = configure(PRESETS, "gea-mini", shorter)
        teach(out / dialect, told, config)
        found[dialect] = judged(out / dialect, dict.fromkeys(told.lessons, told.episodes), told)
    return found


TAUGHT_IN = {"cloning": LESSONS, "practice": BEGINNER, "dialects": ARMS}
"""Part to its lessons; those that are only recorded or measured are all there are."""

PARTS = {"cloning": _clone, "practice": _practise, "dialects": _compare}


def main() -> int:
    """Does one part, prints and writes what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=(*PARTS, "demonstrate", "measure", "table"))
    parser.add_argument("--tasks", default="", help="whose names hold this; empty for all")
    parser.add_argument("--out", type=Path, default=Path("runs/results/gea-mini"))
    parser.add_argument("--episodes", type=int, default=50, help="of each task, to judge by")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=30.0, help="after which practice ends")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the demonstrations")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    told = parser.parse_args()
    if told.part == "table":
        return show(told.out, tuple(PRACTISED))
    torch.set_num_threads(told.threads)
    told.lessons = {
        name: one._replace(count=max(2, round(told.share * one.count)))
        for name, one in TAUGHT_IN.get(told.part, ALL).items()
        if told.tasks in name
    }
    if told.part == "demonstrate":
        demonstrations(told.lessons, told.out / "demonstrations")
        return 0
    out = told.out if told.part == "measure" else told.out / f"seed-{told.seed}"
    if (out / f"{told.part}.json").is_file():
        print(f"{told.part}: {out} has it", flush=True)
        return 0
    told.clock = Clock(out / f"{told.part}.seconds")
    if told.part == "measure":
        known = {n: measure(n, lesson, told.episodes) for n, lesson in told.lessons.items()}
        found: dict[str, Any] = {"oracle": {n: one[0] for n, one in known.items()}}
        found["random"] = {n: one[1] for n, one in known.items()}
    else:
        changes: dict[str, Any] = {"seed": told.seed, "save_every": 200}
        changes |= {name: json.loads(one) for name, _, one in (s.partition("=") for s in told.set)}
        found = PARTS[told.part](told, changes, out)
    found["seconds"] = round(told.clock())
    (out / f"{told.part}.json").write_text(json.dumps(found, indent=1))
    print(f"{told.part}: {found['seconds']} s", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
