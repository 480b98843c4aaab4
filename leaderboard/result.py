"""The contents of ``result.json``: its types, and reading and writing it.

Every definition stands in ``docs/formats.md``; :mod:`.summary` computes the figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from ..core.errors import RunDirectoryError
from ..core.files import write_atomically
from ..core.manifest import AgentRecord
from ..core.specs import canonical_json

FORMAT = 1
"""Version of ``result.json``; readers refuse a newer one."""

FILE_NAME = "result.json"

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Estimate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure with the interval that belongs to it.

    Attributes:
        value: the figure; null where no episode is valid.
        low: lower end of the 95% interval; null where none can be given.
        high: upper end of the 95% interval; null where none can be given.
        n: valid episodes behind it.
    """

    value: float | None
    low: float | None
    high: float | None
    n: Count


class Summary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures of one task, of one family, or of the whole run.

    Attributes:
        name: the task's id, the family's name, or ``overall``.
        tasks: tasks summed up here.
        n: episodes planned.
        n_valid: episodes that ended in success or failure.
        n_invalid: episodes that the infrastructure spoiled for good; the rest is not yet played.
        coverage: ``n_valid / n``.
        success: successes among the valid episodes, with the Wilson interval.
        task_success: mean over tasks of their success, with the stratified bootstrap interval.
        score: mean over tasks of their mean normalised score, likewise.
        score_iqm: interquartile mean of the normalised scores of all episodes, likewise.
        score_iqm_over_tasks: interquartile mean of the tasks' mean normalised scores, likewise.
        mean_return: mean total reward; null where no episode is valid.
        n_left_out: valid episodes in which what the task is about did not happen; they enter no
            figure but this.
        metrics: mean of each further figure over the episodes that count and state it.
        figures: the same with intervals, for the figures that the family declares.
        steps: environment steps of the valid episodes [steps].
        wall_time: time played in the valid episodes, summed [s].
        attempts: starts of all the episodes.
        retried: valid episodes that were started more than once.
        invalid_utterances: steps of the valid episodes at which what the agent first said meant
            no action.
        invalid_rate: ``invalid_utterances / steps``.
        spent: what the agent used up in the valid episodes, summed, by name, where it keeps
            account.
        times: where ``wall_time`` went, summed [s]: ``policy``, ``environment``, ``rendering``
            (films included) and ``waiting``; of the valid episodes that tell, left out where none
            does.
    """

    name: str
    tasks: Count
    n: Count
    n_valid: Count
    n_invalid: Count
    coverage: Share
    success: Estimate
    task_success: Estimate
    score: Estimate
    score_iqm: Estimate
    score_iqm_over_tasks: Estimate
    mean_return: float | None
    n_left_out: Count = 0
    metrics: dict[str, float]
    figures: dict[str, Estimate] = {}
    steps: Count
    wall_time: Seconds
    attempts: Count
    retried: Count
    invalid_utterances: Count = 0
    invalid_rate: Share = 0.0
    spent: dict[str, float] = {}
    times: dict[str, Seconds] | msgspec.UnsetType = msgspec.UNSET


class InvalidEpisode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An episode that does not count, and why.

    Attributes:
        task: the task's id.
        index: the episode's number.
        attempts: how often it was started.
        faults: the kind of fault of each attempt.
    """

    task: str
    index: Count
    attempts: Count
    faults: tuple[str, ...]


class Headline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one figure that a board shows, as the benchmark names it.

    Attributes:
        metric: ``success`` or ``score``.
        aggregation: ``mean``, or ``iqm`` (over tasks).
        group: the group of tasks that it is taken over; empty for all.
        value: the figure; null where no episode is valid.
        low: lower end of the 95% interval; null where none can be given.
        high: upper end of the 95% interval; null where none can be given.
        n: valid episodes behind it.
    """

    metric: Literal["success", "score"]
    aggregation: Literal["mean", "iqm"]
    group: str = ""
    value: float | None
    low: float | None
    high: float | None
    n: Count


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``result.json``.

    Attributes:
        format: version of this file's format.
        benchmark: name of what was played.
        benchmark_digest: SHA-256 of its declaration.
        agent: who played.
        headline: the figure that a board shows.
        overall: the whole run.
        families: a summary a family, in the order of the benchmark's tasks.
        groups: a summary for each group that the benchmark declares.
        tasks: a summary a task, in the benchmark's order.
        invalid: the episodes that do not count.
        episodes_digest: SHA-256 of what was played, whatever the order and the speed.
    """

    format: Literal[1] = 1
    benchmark: str
    benchmark_digest: Digest
    agent: AgentRecord
    headline: Headline
    overall: Summary
    families: tuple[Summary, ...]
    groups: tuple[Summary, ...] = ()
    tasks: tuple[Summary, ...]
    invalid: tuple[InvalidEpisode, ...]
    episodes_digest: Digest

    @property
    def may_err(self) -> bool:
        """Whether utterances that mean no action are of interest: there were, or there could be.

        The environment's own actions need no translation; every other dialect can be misspoken.
        """
        return bool(self.overall.invalid_utterances) or self.agent.dialect != "native"


def write_result(directory: Path, result: Result) -> Path:
    """Writes ``result.json`` into a run's directory, whole or not at all.

    Raises:
        RunDirectoryError: the disk refused.
        BadArgument: a figure is not finite.
    """
    path = directory / FILE_NAME
    write_atomically(path, msgspec.json.format(canonical_json(result), indent=1))
    return path


def read_result(directory: Path) -> Result | None:
    """The ``result.json`` of a run, or None where there is none.

    Raises:
        RunDirectoryError: it cannot be read, is not one, or is of a newer format.
    """
    path = directory / FILE_NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror or error}") from error
    return parse_result(raw, str(path))


def parse_result(raw: bytes, where: str) -> Result:
    """The result that some bytes are.

    Args:
        raw: JSON.
        where: the file, for the message.

    Raises:
        RunDirectoryError: they are none, or of a newer format.
    """
    try:
        found = msgspec.json.decode(raw)
        if isinstance(found, dict) and isinstance(found.get("format"), int):
            _refuse_newer(where, found["format"])
        return msgspec.convert(found, Result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunDirectoryError(
            f"{where} is not a result: {error}. Delete it and sum the run up again"
        ) from error


def _refuse_newer(where: str, found: int) -> None:
    if found > FORMAT:
        raise RunDirectoryError(
            f"{where} is of format {found}, this version reads up to {FORMAT}; upgrade polyathlon"
        )
