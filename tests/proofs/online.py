"""What learns by playing, and by cloning, at a small size: the commands as a user types them.

Each training has a folder below ``--out`` and goes on where it was cut short; one that is complete
only has its table read. Scores are those after the last step, never the best on the way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

TASKS = ("reach", "drawer-close", "drawer-open", "button-press-topdown", "window-open")
"""Of Meta-World, which are cloned; chosen before any was."""

DEMONSTRATIONS = 50
"""Of each."""


class Shown(NamedTuple):
    """What a proof found.

    Attributes:
        rows: of the table: what, episodes or seeds, score, return, minutes.
        claims: in words, whether they hold.
    """

    rows: list[tuple[str, ...]]
    claims: dict[str, bool]


def prove(name: str, folder: Path, seeds: int) -> Shown:
    """Trains what is missing, and reads the tables.

    Args:
        name: of ``PROOFS``.
        folder: of all trainings.
        seeds: of each.
    """
    return PROOFS[name](folder, seeds)


def _red_ball(folder: Path, seeds: int) -> Shown:
    out = folder / "ppo-babyai"
    _train("ppo", "babyai.goto-redball", out, seeds, "--backend", "envpool", "--steps", "300000")
    rows = _rows(out)
    words = "PPO is above 0.9 on babyai.go-to-red-ball"
    return Shown(_cells(out, rows), {words: rows["ppo, last"]["score"]["value"] > 0.9})


def _coin(folder: Path, seeds: int) -> Shown:
    out = folder / "ppo-coinrun"
    task = "procgen.coinrun-easy-train"
    _train("ppo", task, out, seeds, "--backend", "envpool", "--steps", "300000")
    rows = _rows(out)
    learnt, chance = rows["ppo, last"]["mean_return"], rows["random"]["mean_return"]
    holds = _low(learnt) > chance["high"]
    return Shown(_cells(out, rows), {f"PPO earns more than random play on {task}": holds})


def _reach(folder: Path, seeds: int) -> Shown:
    out = folder / "sac-reach"
    more = ("--steps", "15000", "--set", "warm_up=1000", "--episodes", "20")
    more += ("--evaluate-every", "15000")
    _train("sac", "metaworld.reach", out, seeds, *more)
    rows = _rows(out)
    words = "SAC reaches the goal of metaworld.reach in 0.9 of the episodes"
    return Shown(_cells(out, rows), {words: rows["sac, last"]["score"]["value"] >= 0.9})


def _clones(folder: Path, seeds: int) -> Shown:
    cells: list[tuple[str, ...]] = []
    claims = {}
    for task in TASKS:
        data, out = folder / "data" / task, folder / f"bc-{task}"
        if not (data / "data" / "metadata.json").is_file():
            made = ("data", "make", f"metaworld.{task}", "--episodes", str(DEMONSTRATIONS))
            _run(*made, "--out", str(data))
        more = ("--dataset", str(data), "--offline", "3000", "--online", "0")
        _train("bc", f"metaworld.{task}", out, seeds, *more)
        rows = _rows(out)
        cells += _cells(out, rows)
        claims[f"cloning is at least 0.8 on {task}"] = rows["bc, last"]["score"]["value"] >= 0.8
    return Shown(cells, claims)


PROOFS: Mapping[str, Callable[[Path, int], Shown]] = MappingProxyType(
    {
        "results-ppo-babyai": _red_ball,
        "results-bc-metaworld": _clones,
        "results-sac-metaworld": _reach,
        "results-ppo-procgen": _coin,
    }
)
"""In the order of what they take."""


def _train(learner: str, task: str, out: Path, seeds: int, *more: str) -> None:
    _run("train", learner, task, "--out", str(out), "--seeds", str(seeds), *more)


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-P", "-m", "polyathlon.cli", *words], check=True)


def _rows(out: Path) -> dict[str, dict[str, Any]]:
    summary = json.loads((out / "summary.json").read_text())
    return {row["name"]: row for row in summary["rows"]}


def _low(figure: Mapping[str, Any]) -> float:
    """The lower end of an interval; a single seed has none, and stands for itself."""
    return float(figure["value"] if figure["low"] is None else figure["low"])


def _cells(out: Path, rows: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
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
