"""What a submission's journal may say: each planned episode once, in turn, and nothing impossible.

Whether an episode took place is another question: that takes playing it again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ..core.actions import measure_actions
from ..core.episode import EpisodeResult
from ..core.errors import JournalCorrupt, SubmissionRefused
from ..core.journal import parse_chained
from ..core.manifest import Manifest
from ..core.specs import TaskSpec
from .foreign_text import check_text
from .recount import wrong_score
from .submission import plan_keys

LARGEST_TRACE = 64 << 20
"""Most bytes that the actions of one episode may unpack to [bytes]."""

LARGEST_TRACES = 8 << 30
"""Most bytes that the actions of all episodes of a run may unpack to [bytes]."""

LONGEST_TEXT = 1 << 16
"""Letters of an instruction, of a fault's words, or of a figure's name."""

MOST_FIGURES = 300
"""Further figures of one episode."""

LARGEST_FIGURE = 1e100
"""No reward, figure or time may be further from 0: sums of larger ones are no numbers."""

_HASHES = re.compile("(?:[0-9a-f]{64} ){3}[0-9a-f]{64}")
"""The four digests of an episode."""


def read_episodes(manifest: Manifest, raw: bytes, where: str) -> list[EpisodeResult]:
    """Every planned episode once, in the plan's order, from lines that say so byte for byte.

    Args:
        manifest: what was planned.
        raw: the journal.
        where: the file, for the message.

    Raises:
        JournalCorrupt: a line is not in its one form, or does not follow the one before.
        SubmissionRefused: it is of another episode, or says what cannot be; says which, and what.
    """
    results = parse_chained(raw, where)
    _check_plan(manifest, results, where)
    specs = {spec.id: (spec, _horizon(manifest, spec)) for spec in manifest.tasks}
    accepted: set[str] = set()
    for number, one in enumerate(results, start=1):
        spec, horizon = specs[one.plan.task]
        wrong = _wrong_text(one, accepted) or _impossible(horizon, one) or wrong_score(spec, one)
        if wrong:
            raise SubmissionRefused(f"{where}, line {number}: {wrong}")
    return results


def _check_plan(manifest: Manifest, results: Sequence[EpisodeResult], where: str) -> None:
    pairs = itertools.zip_longest(plan_keys(manifest), (one.plan for one in results))
    for number, (key, plan) in enumerate(pairs, start=1):
        if key is None or plan is None or plan.key != key:
            due = "nothing more" if key is None else f"{key[0]} episode {key[1]}"
            there = "nothing" if plan is None else f"{plan.task} episode {plan.index}"
            raise SubmissionRefused(
                f"{where}, line {number}: {there} stands where the plan has {due}; episodes stand "
                "in the plan's order, each once"
            )


def _horizon(manifest: Manifest, spec: TaskSpec) -> int:
    """Most steps of an episode, as the benchmark plays the task."""
    found = manifest.benchmark.task_kwargs.get("max_episode_steps", spec.max_episode_steps)
    return found if isinstance(found, int) else spec.max_episode_steps


def _wrong_text(one: EpisodeResult, accepted: set[str]) -> str:
    """What is wrong with the texts of an episode, if anything; adds those that are right."""
    if len(one.metrics) + len(one.spent) > MOST_FIGURES:
        return f"more than {MOST_FIGURES} further figures"
    texts = {one.instruction, *one.metrics, *one.spent}
    texts |= {words for fault in one.faults for words in (fault.kind, fault.message)}
    for words in texts - accepted:
        what = "the instruction" if words == one.instruction else f"the text {words[:40]!r}"
        if len(words) > LONGEST_TEXT:
            return f"{what} has {len(words)} letters; {LONGEST_TEXT} are the most"
        try:
            check_text(words, what)
        except SubmissionRefused as error:
            return str(error)
    accepted |= texts
    return ""


def _impossible(horizon: int, one: EpisodeResult) -> str:
    """What one line says that cannot be, if anything; its score is looked at elsewhere."""
    if not one.valid:
        bare = EpisodeResult(
            plan=one.plan, outcome=one.outcome, attempts=one.attempts, faults=one.faults
        )
        return "" if one == bare and one.faults else "an invalid episode has faults and no figures"
    if one.trace is None:
        return "a valid episode without actions"
    if not 1 <= one.steps <= horizon:
        return f"{one.steps} steps where the task has at most {horizon}"
    figures = (one.total_reward, *one.metrics.values(), *one.spent.values())
    if max(map(abs, figures)) > LARGEST_FIGURE:
        return f"a figure beyond {LARGEST_FIGURE:g}"
    seconds = (one.wall_time, *(one.times or {}).values())
    if not 0 <= one.invalid_utterances <= one.steps or not (
        0 <= min(seconds) <= max(seconds) <= LARGEST_FIGURE
    ):
        return "a count or a time that cannot be"
    if one.attempts != len(one.faults) + 1:
        return f"{one.attempts} attempts with {len(one.faults)} faults"
    digests = (one.reward_digest, one.start_digest, one.end_digest, one.trace.digest)
    if not _HASHES.fullmatch(" ".join(digests)):
        return "a digest that is none"
    return ""


def check_actions(results: Sequence[EpisodeResult], actions: bytes, where: str) -> None:
    """Holds the recorded actions to be block after block without a gap, each with an action a step.

    Args:
        results: the episodes, in the plan's order.
        actions: the blocks.
        where: the file, for the message.

    Raises:
        SubmissionRefused: they are not; names the episode.
    """
    end = unpacked = 0
    for one in results:
        if one.trace is None:
            continue
        name = f"{where}: {one.plan.task} episode {one.plan.index}"
        if one.trace.offset != end or one.trace.length < 0:
            raise SubmissionRefused(f"{name}: its actions do not begin where those before it end")
        end += one.trace.length
        block = actions[one.trace.offset : end]
        try:
            size = measure_actions(block, one.trace.digest, LARGEST_TRACE)
        except JournalCorrupt as error:
            raise SubmissionRefused(f"{name}: {error}") from error
        if size.actions != one.steps:
            raise SubmissionRefused(f"{name}: {size.actions} actions for {one.steps} steps")
        unpacked += size.unpacked
        if unpacked > LARGEST_TRACES:
            raise SubmissionRefused(
                f"{where}: its actions unpack to more than {LARGEST_TRACES >> 30} GiB"
            )
    if end != len(actions):
        raise SubmissionRefused(f"{where} has {len(actions)} bytes, the episodes name {end}")
