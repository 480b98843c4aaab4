"""What learns by playing, and by cloning, at a small size: the commands as a user types them.

Each training has a folder below ``--out`` and goes on where it was cut short; one that is complete
only has its table read. With several processes each seed is trained by a process of its own, as
``polyathlon train --seed N`` would. Scores are those after the last step, never the best on the
way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

TASKS = ("reach", "drawer-close", "drawer-open", "button-press-topdown", "window-open")
"""Of Meta-World, which are cloned; chosen before any was."""

DEMONSTRATIONS = 50
"""Of each."""

COIN = (
    "--backend", "envpool", "--steps", "600000", "--evaluate-every", "200000", "--threads", "2",
    "--set", "rollout=128", "--set", "batch_size=512",
)  # fmt: skip
"""Batches are smaller than the preset's, which is meant for 25 million steps."""

Rows = Mapping[str, Mapping[str, Any]]
"""Of a table, by name."""


class Training(NamedTuple):
    """What is trained, with every seed.

    Attributes:
        learner: a name.
        task: its id.
        folder: of all seeds, below that of all proofs.
        options: of ``polyathlon train``.
        claim: what is claimed of the rows, in words.
        holds: whether it is so.
        demonstrations: whether they are made first, and learnt from.
    """

    learner: str
    task: str
    folder: str
    options: tuple[str, ...]
    claim: str
    holds: Callable[[Rows], bool]
    demonstrations: bool = False


class Shown(NamedTuple):
    """What a proof found.

    Attributes:
        rows: of the table: what, episodes or seeds, score, return.
        claims: in words, whether they hold.
    """

    rows: list[tuple[str, ...]]
    claims: dict[str, bool]


def prove(name: str, folder: Path, seeds: int, processes: int) -> Shown:
    """Trains what is missing, and reads the tables.

    Args:
        name: of ``PROOFS``.
        folder: of all trainings.
        seeds: of each.
        processes: that train side by side.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainings = PROOFS[name]
    commands = {one.folder: _command(one, folder) for one in trainings}
    if processes > 1:
        for one in trainings:  # Seed by seed last: what is made first is needed by all of them.
            _make_demonstrations(one, folder)
        with ThreadPoolExecutor(processes) as pool:
            for _ in pool.map(
                lambda job: _train_alone(commands[job[0].folder], folder / job[0].folder, job[1]),
                [(one, seed) for seed in range(seeds) for one in trainings],
            ):
                pass
    found, claims = list[tuple[str, ...]](), dict[str, bool]()
    for one in trainings:
        _make_demonstrations(one, folder)
        out = folder / one.folder
        _run(*commands[one.folder], "--out", str(out), "--seeds", str(seeds))
        rows = {row["name"]: row for row in json.loads((out / "summary.json").read_text())["rows"]}
        found += _cells(out, rows)
        claims[one.claim] = one.holds(rows)
    return Shown(found, claims)


def _above(name: str, least: float) -> Callable[[Rows], bool]:
    """Whether the last score of a learner is at least so much."""
    return lambda rows: bool(rows[f"{name}, last"]["score"]["value"] >= least)


def _beats_chance(rows: Rows) -> bool:
    """Whether the whole interval over seeds lies above that of random play."""
    learnt, chance = rows["ppo, last"]["mean_return"], rows["random"]["mean_return"]
    low = learnt["value"] if learnt["low"] is None else learnt["low"]  # Of a single seed.
    return bool(low > chance["high"])


PROOFS: Mapping[str, Sequence[Training]] = MappingProxyType(
    {
        "results-ppo-babyai": [
            Training(
                "ppo", "babyai.goto-redball", "ppo-babyai",
                ("--backend", "envpool", "--steps", "300000", "--evaluate-every", "100000"),
                "PPO is above 0.9 on babyai.goto-redball", _above("ppo", 0.9),
            )
        ],
        "results-bc-metaworld": [
            Training(
                "bc", f"metaworld.{task}", f"bc-{task}", ("--offline", "3000", "--online", "0"),
                f"cloning is at least 0.8 on metaworld.{task}", _above("bc", 0.8),
                demonstrations=True,
            )
            for task in TASKS
        ],
        "results-sac-metaworld": [
            Training(
                "sac", "metaworld.reach", "sac-reach",
                ("--backend", "envpool", "--steps", "80000", "--evaluate-every", "40000"),
                "SAC reaches the goal of metaworld.reach in 0.9 of the episodes",
                _above("sac", 0.9),
            )
        ],
        "results-ppo-procgen": [
            Training(
                "ppo", "procgen.coinrun-easy-train", "ppo-coinrun",
                COIN,
                "PPO earns more than random play on procgen.coinrun-easy-train", _beats_chance,
            )
        ],
    }
)  # fmt: skip
"""In the order of what they take."""


def _command(one: Training, folder: Path) -> tuple[str, ...]:
    data = ("--dataset", str(_data(one, folder))) if one.demonstrations else ()
    return ("train", one.learner, one.task, *one.options, *data)


def _data(one: Training, folder: Path) -> Path:
    return folder / "data" / one.task.rpartition(".")[2]


def _make_demonstrations(one: Training, folder: Path) -> None:
    data = _data(one, folder)
    if one.demonstrations and not (data / "data" / "metadata.json").is_file():
        _run("data", "make", one.task, "--episodes", str(DEMONSTRATIONS), "--out", str(data))


def _train_alone(command: Sequence[str], out: Path, seed: int) -> None:
    """One seed, in the folder where all seeds look for it; what it says goes beside that."""
    out.mkdir(parents=True, exist_ok=True)
    # Threads of several trainings on the same cores do little but wait for each other.
    own = ("--seed", str(seed), "--threads", "1", "--out", str(out / f"seed-{seed}"))
    told = out / f"seed-{seed}.txt"
    with told.open("a") as log:
        done = subprocess.run(_python(*command, *own), check=False, stdout=log, stderr=log)
    if done.returncode:
        raise SystemExit(f"seed {seed} of {out.name} ended with {done.returncode}: see {told}")


def _run(*words: str) -> None:
    subprocess.run(_python(*words), check=True)


def _python(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "polyathlon.cli", *words]


def _cells(out: Path, rows: Rows) -> list[tuple[str, ...]]:
    shown: Sequence[str] = [name for name in rows if "best" not in name and rows[name]["n"]]
    return [
        (
            f"{out.name}: {name}",
            f"{rows[name]['n']} {rows[name]['over']}",
            _told(rows[name]["score"], 3),
            _told(rows[name]["mean_return"], 2),
        )
        for name in shown
    ]


def _told(figure: Mapping[str, Any], digits: int) -> str:
    if figure["low"] is None:
        return f"{figure['value']:.{digits}f}"
    return f"{figure['value']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"
