"""What the seeds of a small GEA have found, as tables, and whether it is what is claimed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyathlon.leaderboard.intervals import mean_over_tasks, stratified_bootstrap

SHARE = 0.5
"""Of the oracle's score, which the taught agent is to be above."""

Found = Mapping[str, Mapping[str, Sequence[float]]]
"""Stage or dialect to task to the scores of all episodes."""


def read(out: Path, part: str) -> list[dict[str, Any]]:
    """What the seeds have found in one part, in the order of their numbers."""
    return [json.loads(one.read_text()) for one in sorted(out.glob(f"seed-*/{part}.json"))]


def show(out: Path, practised: Sequence[str]) -> int:
    """Prints what was found, and whether it is what is claimed: 0 if all of it is.

    Args:
        out: the folder of all seeds.
        practised: the tasks that practice was in.
    """
    known = json.loads((out / "measure.json").read_text())
    console, claims = Console(width=120), dict[str, bool]()
    cloned, practice = read(out, "cloning"), read(out, "practice")
    if cloned:
        found = [one["cloned"] for one in cloned]
        console.print(_cloned(known, found))
        claims |= _taught(known, found)
    if practice:
        before, after = ([one[stage] for one in practice] for stage in ("begun", "practised"))
        console.print(_practised(before, after))
        claims |= _raised(before, after, practised)
        alone = [one["supervised"] for one in practice if "supervised" in one]
        if len(alone) == len(after):
            console.print(_apart(before, alone, after, practised))
            claims |= _more(alone, after, practised)
    if dialects := read(out, "dialects"):
        console.print(_dialects(dialects))
    for words, holds in claims.items():
        console.print(f"{'holds' if holds else 'DOES NOT HOLD'}: {words}")
    for part, all_of_it in (("cloning", cloned), ("practice", practice), ("dialects", dialects)):
        if all_of_it:
            minutes = ", ".join(f"{one['seconds'] / 60:.1f}" for one in all_of_it)
            console.print(f"{part}: {minutes} min with what it was judged by")
    return int(not all(claims.values()) or not claims)


def _cloned(known: Any, found: Sequence[Any]) -> Table:
    table = Table(title="one set of weights", title_justify="left")
    for column in ("task", "random", "oracle", "cloned", "seed by seed"):
        table.add_column(column, no_wrap=column == "task")
    for name in found[0]:
        scores = [one[name] for one in found]
        row = [_mean(known[who][name]) for who in ("random", "oracle")]
        table.add_row(name, *row, told(scores), " ".join(map(_mean, scores)))
    return table


def _practised(before: Sequence[Any], after: Sequence[Any]) -> Table:
    table = Table(title="practice, after little cloning", title_justify="left")
    for column in ("task", "begun", "seed by seed", "practised", "seed by seed", "gain"):
        table.add_column(column, no_wrap=column == "task")
    for name in before[0]:
        row = [name]
        for stage in (before, after):
            scores = [one[name] for one in stage]
            row += [told(scores), " ".join(map(_mean, scores))]
        table.add_row(*row, told(_gains(before, after, name)))
    return table


def _apart(
    before: Sequence[Any], alone: Sequence[Any], after: Sequence[Any], practised: Sequence[str]
) -> Table:
    table = Table(title="practice, and its supervised term alone", title_justify="left")
    for column in ("task", "begun", "supervised alone", "practised", "of that by reward"):
        table.add_column(column, no_wrap=column == "task")
    for name in practised:
        stages = [told([one[name] for one in stage]) for stage in (before, alone, after)]
        table.add_row(name, *stages, told(_gains(alone, after, name)))
    return table


def _gains(before: Sequence[Any], after: Sequence[Any], name: str) -> list[Any]:
    """Of each seed what practice has added in every episode: both have played the same ones."""
    pairs = zip(before, after, strict=True)
    return [np.subtract(late[name], early[name]) for early, late in pairs]


def _dialects(found: Sequence[Any]) -> Table:
    names = [name for name in found[0] if name != "seconds"]
    table = Table(title="ways to say continuous actions, Meta-World alone", title_justify="left")
    for column in ("task", *names):
        table.add_column(column, no_wrap=column == "task")
    tasks = list(found[0][names[0]])
    for task in tasks:
        table.add_row(task, *(told([one[name][task] for one in found]) for name in names))
    whole = [told([np.concatenate([one[n][t] for t in tasks]) for one in found]) for n in names]
    table.add_row("all", *whole)
    return table


def _taught(known: Any, found: Sequence[Any]) -> dict[str, bool]:
    claims = {}
    for name in found[0]:
        least = SHARE * float(np.mean(known["oracle"][name]))
        words = f"cloned, {name} is above {SHARE} of the oracle's, over {len(found)} seeds"
        claims[words] = float(np.mean([np.mean(one[name]) for one in found])) > least
    return claims


def _raised(
    before: Sequence[Any], after: Sequence[Any], practised: Sequence[str]
) -> dict[str, bool]:
    claims = {}
    for name in practised:
        low, _ = interval(_gains(before, after, name))
        claims[f"practice raises {name}: the gain's interval is above 0 ({low:+.3f})"] = low > 0
    return claims


def _more(alone: Sequence[Any], after: Sequence[Any], practised: Sequence[str]) -> dict[str, bool]:
    claims = {}
    for name in practised:
        low, _ = interval(_gains(alone, after, name))
        words = f"practice raises {name} above its supervised term alone ({low:+.3f})"
        claims[words] = low > 0
    return claims


def interval(scores: Sequence[Any]) -> tuple[float, float]:
    """The 95% interval of the mean over seeds: of other episodes, not of other seeds."""
    return stratified_bootstrap(list(scores), mean_over_tasks)


def told(scores: Sequence[Any]) -> str:
    """A mean with its interval."""
    if not scores:
        return "-"
    low, high = interval(scores)
    return f"{float(np.mean([np.mean(one) for one in scores])):.2f} [{low:.2f}, {high:.2f}]"


def _mean(scores: Sequence[float]) -> str:
    return f"{float(np.mean(scores)):.2f}"
