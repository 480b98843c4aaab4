"""Figures in the formats of others, so that their tools and boards can read them.

Pure functions from runs that were counted again to the bytes of a file. Nothing is invented to
fill a field: what the evidence does not hold is left out, and said to be in the function's words.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ..core.episode import EpisodeResult, Outcome
from ..core.errors import BadArgument
from .archive import write_archive
from .evidence import Evidence
from .resample import Floats
from .result import Headline, Summary
from .score import counts

Rows = Literal["episode", "run"]
"""What is a run in rliable's sense: an episode number, or a file (a training, say)."""


class Matrices(NamedTuple):
    """Scores as rliable takes them.

    Attributes:
        tasks: ids, a column each.
        scores: by agent, normalised scores ``[runs, tasks]``.
        left_out: rows that were left out because a task has no valid episode in them.
    """

    tasks: tuple[str, ...]
    scores: dict[str, Floats]
    left_out: int


def matrices(runs: Sequence[Evidence], rows: Rows = "episode") -> Matrices:
    """Score matrices of some agents on the same tasks.

    Tasks without a score (neither success nor references) have no column. A matrix has no gaps:
    an episode number that is invalid in one task is left out in all.

    Args:
        runs: what was played.
        rows: ``episode``: a row an episode number; ``run``: a row a file, in it each task's mean,
            files of one name together.

    Raises:
        BadArgument: no run, other tasks or references, nothing that has a score, or two runs of
            one name where a row is an episode.
    """
    if not runs:
        raise BadArgument("there is no run to export")
    first = runs[0]
    tasks = tuple(spec.id for spec in first.manifest.tasks if spec.score != "none")
    found: dict[str, list[Floats]] = {}
    left_out = 0
    for run in runs:
        _check_same_tasks(first, run)
        table = _table(run, tasks)
        if rows == "run":
            if np.isnan(table).all(axis=0).any():
                raise BadArgument(
                    f"{run.path}: a task has no valid episode, so that it has no mean"
                )
            table = np.nanmean(table, axis=0, keepdims=True)
        elif run.name in found:
            raise BadArgument(
                f"two of these runs are called '{run.name}'; where they are trainings of one "
                "agent, take --rows run"
            )
        whole = ~np.isnan(table).any(axis=1)
        left_out += int((~whole).sum())
        found.setdefault(run.name, []).append(table[whole])
    scores = {name: np.concatenate(parts) for name, parts in found.items()}
    if not tasks or not all(map(len, scores.values())):
        raise BadArgument("nothing in these runs has a score in every task")
    return Matrices(tasks, scores, left_out)


def _check_same_tasks(one: Evidence, other: Evidence) -> None:
    mine, theirs = one.manifest, other.manifest
    if (
        mine.tasks_digest() != theirs.tasks_digest()
        or mine.benchmark.task_kwargs != theirs.benchmark.task_kwargs
    ):
        raise BadArgument(
            f"{one.path} and {other.path} are of different tasks, or of tasks with other "
            "references; only scores of the same ones stand in one matrix"
        )


def _table(run: Evidence, tasks: Sequence[str]) -> Floats:
    """Scores ``[episodes, tasks]``, NaN where there is none."""
    table = np.full((run.manifest.benchmark.episodes_per_task, len(tasks)), np.nan)
    columns = {task: at for at, task in enumerate(tasks)}
    for one in run.results:
        if one.plan.task in columns and one.score is not None and counts(run.manifest, one):
            table[one.plan.index, columns[one.plan.task]] = one.score
    return table


def rliable_json(found: Matrices) -> bytes:
    """The matrices as JSON: ``tasks``, and under ``scores`` for each agent a list of rows.

    rliable takes "a dictionary mapping algorithms to their normalized score matrices, each of size
    (num_runs x num_games)" (google-research/rliable, README.md):
    ``{name: numpy.array(rows) for name, rows in json.load(file)["scores"].items()}``.
    """
    scores = {name: table.tolist() for name, table in found.scores.items()}
    return _json({"tasks": found.tasks, "scores": scores})


def rliable_npz(found: Matrices) -> bytes:
    """The matrices as an ``.npz`` without pickles: ``tasks``, ``agents``, and ``scores_0`` onwards.

    An agent may be called anything, so that names are values, not names of files in the archive:
    ``{str(name): file[f"scores_{k}"] for k, name in enumerate(file["agents"])}`` is rliable's
    dictionary (see ``rliable_json``). The same figures give the same bytes.
    """
    arrays = {"tasks": np.array(found.tasks), "agents": np.array(list(found.scores))}
    arrays |= {f"scores_{k}": table for k, table in enumerate(found.scores.values())}
    members = {}
    for name, array in arrays.items():
        out = io.BytesIO()
        np.lib.format.write_array(out, array, allow_pickle=False)
        members[f"{name}.npy"] = out.getvalue()
    return write_archive(members)


def eval_results(runs: Sequence[Evidence], dataset: str) -> bytes:
    """YAML for ``.eval_results/`` of a model's repository on the Hugging Face Hub.

    A list of entries: ``dataset`` (``id``, ``task_id``), ``value``, ``date``, ``source``, ``notes``
    (huggingface.co/docs/hub/eval-results; ``EvalResultEntry`` of huggingface_hub 2.4). The first
    entry of a run is its headline, under the benchmark's name; the others are its tasks. Values
    are shares, or normalised scores. The format has no field for n, intervals and status, so that
    these stand in ``notes``. Figures that do not exist have no entry.

    Args:
        runs: what was played.
        dataset: id of the benchmark's dataset on the Hub, ``owner/name``.

    Raises:
        BadArgument: the dataset is no such id.
    """
    owner, _, name = dataset.partition("/")
    if not all(part and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
               for part in (owner, name)):  # fmt: skip
        raise BadArgument(f"'{dataset}' is no id of a dataset on the Hub; give owner/name")
    lines: list[str] = []
    for run in runs:
        head = run.result.headline
        how = f"{head.metric}, {head.aggregation} over tasks"
        lines += _entry(run, dataset, run.manifest.benchmark.id, head, how)
        for task in run.result.tasks:
            one = task.success if head.metric == "success" else task.score
            lines += _entry(run, dataset, task.name, one, head.metric)
    return ("\n".join(lines) + "\n").encode()


def _entry(run: Evidence, dataset: str, task: str, one: Any, how: str) -> list[str]:
    """One entry, its texts quoted as JSON does: YAML reads these alike, but no ``1e-07``."""
    if one.value is None:
        return []
    known = one.low is not None and one.high is not None
    interval = f", 95% [{one.low:.4f}, {one.high:.4f}]" if known else ""
    evidence = f"; submission {run.digest[:16]}" if run.digest else ""
    played = f"{run.status}, {run.checked} played again" if run.checked else run.status
    notes = f"{how}, n={one.n}{interval}; {run.name}; {played}{evidence}"
    lines = [
        "- dataset:",
        f"    id: {_quoted(dataset)}",
        f"    task_id: {_quoted(task)}",
        f"  value: {np.format_float_positional(one.value, trim='0')}",
    ]
    if run.manifest.created:
        lines.append(f"  date: {_quoted(run.manifest.created)}")
    if run.url:
        lines += ["  source:", f"    url: {_quoted(run.url)}"]
    return [*lines, f"  notes: {_quoted(notes)}"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def evalai(runs: Sequence[Evidence]) -> bytes:
    """What an EvalAI evaluation script returns, as JSON.

    ``result`` lists a dictionary for each dataset split, codename to metrics, and
    ``submission_result`` repeats the first (EvalAI, evaluation-scripts.md; EvalAI-Starters,
    evaluation_script/main.py). A split here is a benchmark, and ``benchmark-group`` a group of it.
    Metrics are numbers; one that does not exist is left out.

    Args:
        runs: of one submission.
    """
    splits: list[dict[str, dict[str, float]]] = []
    for run in runs:
        result, name = run.result, run.manifest.benchmark.id
        head = _ends("headline", result.headline)
        splits.append({name: head | _metrics(result.overall)})
        splits += [{f"{name}-{group.name}": _metrics(group)} for group in result.groups]
    return _json({"result": splits, "submission_result": splits[0]})


def _ends(name: str, one: Any | Headline) -> dict[str, float]:
    parts = {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return {key: value for key, value in parts.items() if value is not None}


def _metrics(one: Summary) -> dict[str, float]:
    return {
        **_ends("success", one.success),
        **_ends("score", one.score),
        **_ends("score_iqm", one.score_iqm),
        "episodes": one.n_valid,
        "coverage": one.coverage,
    }


def lerobot(run: Evidence) -> bytes:
    """A run as the ``eval_info.json`` of LeRobot's ``lerobot-eval``.

    ``per_task`` (``task_group``, ``task_id``, ``metrics``), ``per_group`` and ``overall`` with
    ``avg_sum_reward``, ``pc_success`` [%], ``n_episodes``, ``eval_s`` and ``eval_ep_s`` [s]
    (huggingface/lerobot, src/lerobot/scripts/lerobot_eval.py, ``eval_policy_all``). A group is a
    family; tasks are numbered in the benchmark's order, with ``task`` for their names. Greatest
    rewards of a step are not recorded, and there are no videos: those keys are not there. Only
    episodes that count are in it. Time is that of the episodes, added up.
    """
    by_task: dict[str, list[EpisodeResult]] = {task: [] for task in run.manifest.benchmark.tasks}
    for one in sorted(run.results, key=lambda one: one.plan.index):
        if counts(run.manifest, one):
            by_task[one.plan.task].append(one)
    per_task, by_group, numbers = [], dict[str, list[EpisodeResult]](), dict[str, int]()
    for task, episodes in by_task.items():
        group = task.partition(".")[0]
        number = numbers[group] = numbers.get(group, -1) + 1
        metrics = {
            "sum_rewards": [one.total_reward for one in episodes],
            "successes": [_won(one) for one in episodes],
        }
        per_task.append({"task_group": group, "task_id": number, "task": task, "metrics": metrics})
        by_group.setdefault(group, []).extend(episodes)
    everything = [one for episodes in by_task.values() for one in episodes]
    seconds = math.fsum(one.wall_time for one in everything)
    overall = _averages(everything) | {
        "eval_s": seconds,
        "eval_ep_s": seconds / max(1, len(everything)),
    }
    groups = {group: _averages(episodes) for group, episodes in by_group.items()}
    return _json({"per_task": per_task, "per_group": groups, "overall": overall})


def _won(one: EpisodeResult) -> bool:
    return one.outcome is Outcome.SUCCESS


def _averages(episodes: Sequence[EpisodeResult]) -> dict[str, float | None]:
    n = len(episodes)
    return {
        "avg_sum_reward": math.fsum(one.total_reward for one in episodes) / n if n else None,
        "pc_success": 100.0 * sum(map(_won, episodes)) / n if n else None,
        "n_episodes": n,
    }


def table(runs: Sequence[Evidence]) -> bytes:
    """Every episode as a line of comma-separated values (RFC 4180, but for line ends of Unix).

    Further figures of the families follow in columns of their own, ``metric:`` before the name;
    what does not exist is empty. A text that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    names = sorted({name for run in runs for one in run.results for name in one.metrics})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["name", "agent", "status", "benchmark", "task", "index", "seed", "outcome", "score",
         "total_reward", "steps", "wall_time", "attempts", "invalid_utterances", "instruction",
         *(f"metric:{name}" for name in names)]
    )  # fmt: skip
    for run in runs:
        agent, benchmark = run.manifest.agent.name, run.manifest.benchmark.id
        for one in sorted(run.results, key=lambda one: one.plan.key):
            plan, metrics = one.plan, _cells(one.metrics, names)
            known = [one.score, one.total_reward, one.steps, one.wall_time]
            figures = known if one.valid else ["", "", "", ""]
            cells = [run.name, agent, run.status, benchmark, plan.task, plan.index, plan.seed,
                     one.outcome.value, *figures, one.attempts, one.invalid_utterances,
                     one.instruction, *metrics]  # fmt: skip
            writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _cells(metrics: Mapping[str, float], names: Sequence[str]) -> list[Any]:
    return [metrics.get(name, "") for name in names]


def _harmless(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell
    return cell


def _json(value: Any) -> bytes:
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"
