"""What the pages' scripts read: the episodes of a run, and the recorded actions of some.

A page that lies on a disk may not fetch, but it may run a script: each file is one call that hands
over a text, which is read as JSON and never run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ...core.episode import EpisodeResult
from ...core.errors import PolyathlonError
from ...core.specs import TaskSpec, canonical_json
from ..intake import Intake, Played
from ..score import counts
from .frames import sheet_of

FIRST = 1
"""Episodes of each task whose actions are shown even without pictures."""

MOST_STEPS = 2_000
"""Steps of an episode whose actions are shown; of a longer one, the first [steps]."""

MOST_NUMBERS = 40_000
"""Numbers in the actions of one episode that are shown; fewer steps where an action has many."""

LONGEST_WORDS = 300
"""Letters of an action in words."""

BUDGET = 24 * 2**20
"""Pictures and actions of one run, as they stand in its files [bytes]."""

ACTION = 8
"""About what a number or a word of an action takes in a file [bytes]."""

DIGITS = 4
"""Significant digits of an action that is drawn."""

MARKS = {"success": "s", "failure": "f", "invalid": "i"}
"""How an episode ended, in a letter; ``u`` where it is valid and in no figure."""


class Asset(NamedTuple):
    """A file of the site: its path in it, and what is in it."""

    path: str
    data: bytes


class Shown(NamedTuple):
    """An episode whose actions can be looked at: its task and number, and whether in pictures."""

    task: str
    number: int
    filmed: bool


class Feed(NamedTuple):
    """The files of one run.

    Attributes:
        episodes: name of what holds all its episodes.
        shown: the episodes that can be looked at.
        assets: the files.
        left_out: episodes whose pictures were too much.
    """

    episodes: str
    shown: tuple[Shown, ...]
    assets: tuple[Asset, ...]
    left_out: int


def script(name: str, value: Any) -> Asset:
    """A value as a script that hands it over under a name, which is also its path."""
    text = canonical_json(value).decode()
    call = f"polyathlon.put({_quoted(name)},{_quoted(text)});\n"
    return Asset(f"{name}.js", call.encode())


def _quoted(text: str) -> str:
    """A text as a literal of JavaScript, in ASCII and without angles: nothing in it can end it."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e")


def feed_of(intake: Intake, number: int) -> Feed:
    """The files of one run of a submission or directory.

    Args:
        intake: what it came in.
        number: of the run in it.
    """
    run = intake.runs[number]
    name = f"data/{intake.key}-{number}"
    files = [script(name, _table(run))]
    shown, spent, left_out = [], 0, 0
    bare: dict[str, Any] = {}
    specs = {spec.id: (at, spec) for at, spec in enumerate(run.manifest.tasks)}
    for one in run.results:
        at, spec = specs[one.plan.task]
        sheet = sheet_of(run.media, one.plan.task, one.plan.index, one.steps) if one.valid else None
        if one.trace is None or (sheet is None and one.plan.index >= FIRST):
            continue
        if spent > BUDGET:
            left_out += 1
            continue
        try:
            taken = _actions(spec, run.actions(one))
        except (PolyathlonError, OSError, ValueError, TypeError):
            continue  # The episode stands in the table; only its actions cannot be drawn.
        if sheet is None:
            bare[f"{at}-{one.plan.index}"] = taken
            spent += ACTION * sum(len(row) if isinstance(row, list) else 1 for row in taken["rows"])
        else:
            film = {"actions": taken, "sheet": msgspec.to_builtins(sheet)}
            files.append(script(f"film/{intake.key}-{number}-{at}-{one.plan.index}", film))
            spent += len(files[-1].data)
        shown.append(Shown(one.plan.task, one.plan.index, sheet is not None))
    if bare:
        files.append(script(f"film/{intake.key}-{number}", bare))
    return Feed(name, tuple(shown), tuple(files), left_out)


def _table(run: Played) -> dict[str, Any]:
    """The episodes, a list a figure: a tenth of what a record an episode would take."""
    words: dict[str, int] = {}
    by_task: dict[str, list[EpisodeResult]] = {task: [] for task in run.manifest.benchmark.tasks}
    for one in run.results:
        by_task[one.plan.task].append(one)
    specs = {spec.id: spec for spec in run.manifest.tasks}
    tasks = [_columns(run, specs[task], episodes, words) for task, episodes in by_task.items()]
    return {"tasks": tasks, "words": list(words)}


def _columns(
    run: Played, spec: TaskSpec, episodes: Sequence[EpisodeResult], words: dict[str, int]
) -> dict[str, Any]:
    def mark(one: EpisodeResult) -> str:
        if one.valid and (one.score is None or not counts(run.manifest, one)):
            return "u" if one.score is not None else MARKS[one.outcome.value].upper()
        return MARKS[one.outcome.value]

    columns: dict[str, Any] = {
        "id": spec.id,
        "index": [one.plan.index for one in episodes],
        "mark": "".join(mark(one) for one in episodes),
        "seed": [str(one.plan.seed) for one in episodes],
        "steps": [one.steps for one in episodes],
        "total": [one.total_reward for one in episodes],
        "words": [words.setdefault(one.instruction, len(words)) for one in episodes],
        "starts": [one.attempts for one in episodes],
    }
    if spec.score == "return":  # Elsewhere the score is the outcome.
        columns["score"] = [one.score if one.valid else None for one in episodes]
    return columns


def _actions(spec: TaskSpec, taken: Sequence[Any]) -> dict[str, Any]:
    """Recorded actions as a player shows them: numbers by name, names, or words."""
    body = spec.embodiment
    if body.kind == "continuous":
        rows = [[float(value) for value in action] for action in taken]
        width = max(1, len(rows[0]) if rows else 1)
        if not all(len(row) == width and all(map(math.isfinite, row)) for row in rows):
            raise ValueError("actions of other lengths, or that are no numbers")
        rows = rows[: min(MOST_STEPS, MOST_NUMBERS // width)]
        named = len(body.action_names) == width
        units = body.action_units if len(body.action_units) == width else ("1",) * width
        return {
            "kind": "continuous",
            "names": list(body.action_names) if named else [str(at) for at in range(width)],
            "units": list(units),
            "low": list(body.low),
            "high": list(body.high),
            "rows": [[float(f"{value:.{DIGITS}g}") for value in row] for row in rows],
            "of": len(taken),
        }
    if body.kind == "discrete":
        return {
            "kind": "discrete",
            "names": list(body.action_names),
            "rows": [int(action) for action in taken[:MOST_STEPS]],
            "of": len(taken),
        }
    said = [str(action)[:LONGEST_WORDS] for action in taken[:MOST_STEPS]]
    return {"kind": "text", "names": [], "rows": said, "of": len(taken)}
