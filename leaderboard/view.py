"""A run as a report looks at it: the manifest, the figures, and each episode by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from ..core.episode import EpisodeResult
from ..core.manifest import Manifest
from .result import Result
from .score import counts
from .summary import summarise
from .wording import number

UNCOUNTED = "uncounted"
"""The kind of an episode that is valid and yet in no figure of its task."""

KINDS: Mapping[str, str] = {
    "success": "success",
    "failure": "failure",
    UNCOUNTED: "not counted: what the task is about did not happen",
    "invalid": "invalid: the infrastructure failed",
    "missing": "not played",
}
"""How an episode ended, as ``RunView.outcome_words`` tells it, and what that means."""


class RunView:
    """Everything the sections of a report draw from.

    Args:
        directory: of the run.
        manifest: what was to be played.
        played: its episodes, in any order.
        result: their figures, where they are known already.
    """

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        played: Sequence[EpisodeResult],
        result: Result | None = None,
    ) -> None:
        self.directory, self.manifest = directory, manifest
        self.played = sorted(played, key=lambda one: one.plan.key)
        self.result = summarise(manifest, self.played) if result is None else result

    @cached_property
    def by_key(self) -> dict[tuple[str, int], EpisodeResult]:
        """Episodes by task and index."""
        return {one.plan.key: one for one in self.played}

    def asked(self, task: str, index: int) -> str:
        """What an episode asked for, where that is more than its task says; empty elsewhere."""
        one = self.by_key.get((task, index))
        said = one.instruction if one is not None else ""
        return "" if said == self.manifest.spec(task).instruction else said

    def outcome_words(self, task: str, index: int) -> tuple[str, str]:
        """The kind of an episode's end, and a few words on it."""
        one = self.by_key.get((task, index))
        if one is None:
            return "missing", f"episode {index}: not played"
        words = f"episode {index}: {one.outcome.value}"
        if one.valid:
            words += f", return {number(one.total_reward)}, {one.steps} steps"
            if not counts(self.manifest, one):
                return UNCOUNTED, f"{words}; not counted: what it is about did not happen"
        return one.outcome.value, words
