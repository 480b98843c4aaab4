"""GEA at small size: one set of weights over four families, practice, and four ways to say numbers.

    python tests/proofs/generalist.py cloning --out runs/results/gea-mini
    python tests/proofs/generalist.py practice --out runs/results/gea-mini
    python tests/proofs/generalist.py dialects --out runs/results/gea-mini

Each goes on where it stood, and writes what it found beside what it trained.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from teaching import Lesson, begin, build, demonstrations, play

from polyathlon.agents.gea.cloning import GeaCloning, Progress
from polyathlon.agents.gea.config import PRESETS, GeaConfig
from polyathlon.agents.gea.player import GeaAgent
from polyathlon.agents.gea.reinforcing import GeaReinforcing
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.stage import World
from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks import catalogue

SIMPLE = ("311525c5", "68216d8c", "6e3da8a1")
"""Families of Language Rearrangement that ask for one skill: go there, open or close the fridge."""


def is_simple(env: Any) -> bool:
    """Whether the episode of Language Rearrangement that has begun is of those families."""
    return env.unwrapped.episode.family in SIMPLE


def _arm(count: int = 25) -> Lesson:
    return Lesson(("state",), count)


LESSONS: Mapping[str, Lesson] = {
    "metaworld.drawer-close": _arm(),
    "metaworld.door-close": _arm(),
    "metaworld.handle-press": _arm(),
    "metaworld.window-open": _arm(),
    "socialnav.frontal-approach": Lesson(("state",), 30, weight=2.0),
    "babyai.go-to-red-ball-no-dists": Lesson(("rgb",), 150, {"image_size": 64}, weight=2.0),
    "babyai.go-to-obj-s4": Lesson(("rgb",), 150, {"image_size": 64}, weight=2.0),
    "langr.train": Lesson(("state",), 200, {}, is_simple, 2.0),
}
"""Four families: a hand, a robot among people, moves in a grid, skills in words."""

ARMS = tuple(name for name in LESSONS if name.startswith("metaworld"))
PRACTISED = ("babyai.go-to-obj-s4", "langr.train")
DIALECTS = ("rvq", "vq", "uniform", "pred")


def taught(folder: Path, config: GeaConfig, names: Sequence[str], demos: Path) -> GeaAgent:
    """Stage 1 on some lessons, to its end."""
    training = GeaCloning(folder, config, demonstrations({n: LESSONS[n] for n in names}, demos))
    begun = time.monotonic()
    training.run(watch=lambda one: _tell(one, begun))
    return training.agent()


def _tell(one: Progress, begun: float) -> None:
    figures = {name: round(value, 3) for name, value in one.figures.items()}
    print(one.step, round(time.monotonic() - begun), figures, flush=True)


def judged(agent: GeaAgent, names: Sequence[str], count: int) -> dict[str, list[float]]:
    """Of each task what was won, what was played, and the 95% interval."""
    found = {}
    for name in names:
        won, played = play(agent, name, LESSONS[name], count)
        found[name] = [won, played, *(round(one, 3) for one in wilson(won, played))]
        print(name, found[name], flush=True)
    return found


def make_worlds(count: int, fields: Sequence[str]) -> list[World]:
    """Worlds of the lessons that are practised, in turn."""
    worlds = []
    for number in range(count):
        name = PRACTISED[number % len(PRACTISED)]
        task, lesson = catalogue.find(name), LESSONS[name]
        env = build(task, lesson.fields, **lesson.kwargs)
        worlds.append(World(_Wanted(env, task, lesson), task))
    return worlds


class _Wanted:
    """An environment whose episodes are those of a lesson."""

    def __init__(self, env: Any, task: Any, lesson: Lesson) -> None:
        self._env, self._task, self._lesson = env, task, lesson
        self.action_space = env.action_space

    def reset(self, *, seed: int) -> tuple[Any, Any]:
        """The first episode from that seed on that belongs to it."""
        while True:
            found = begin(self._env, self._task, seed)
            if self._lesson.wanted(self._env):
                return found
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**31

    def step(self, action: Any) -> Any:
        """One step."""
        return self._env.step(action)

    def close(self) -> None:
        """Closes it."""
        self._env.close()


def main() -> int:
    """Does one part, prints and writes what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("cloning", "practice", "dialects"))
    parser.add_argument("--out", type=Path, default=Path("runs/results/gea-mini"))
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--episodes", type=int, default=50, help="of each task, to judge by")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    out, demos = options.out, options.out / "demonstrations"
    changes: dict[str, Any] = {
        "cloning.updates": options.updates, "seed": options.seed, "save_every": 100,
    }  # fmt: skip
    begun, found = time.monotonic(), dict[str, Any]()
    if options.part == "cloning":
        agent = taught(
            out / "cloned", configure(PRESETS, "gea-mini", changes), tuple(LESSONS), demos
        )
        found["cloned"] = judged(agent, tuple(LESSONS), options.episodes)
    elif options.part == "practice":
        changes |= {"reinforcing.steps": options.steps, "save_every": 5}
        training = GeaReinforcing(
            out / "practised",
            configure(PRESETS, "gea-mini", changes),
            out / "cloned",
            make_worlds,
            demonstrations(LESSONS, demos),
        )
        training.run(watch=lambda one: _tell(one, begun))
        found["practised"] = judged(training.agent(), tuple(LESSONS), options.episodes)
    else:
        for dialect in DIALECTS:
            config = configure(PRESETS, "gea-mini", {**changes, "dialect": dialect})
            agent = taught(out / f"arms-{dialect}", config, ARMS, demos)
            found[dialect] = judged(agent, ARMS, options.episodes)
    found["seconds"] = round(time.monotonic() - begun)
    (out / f"{options.part}.json").write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
