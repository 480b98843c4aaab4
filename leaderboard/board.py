"""The contents of ``leaderboard.json``: its types, and writing it; :mod:`.assembly` makes it.

Runs are ranked only against runs of the same programme: the benchmark's declaration and the
declarations of its tasks, floors and ceilings included, must agree to the last byte. A run with
an invalid or missing episode, and one that came out otherwise when it was played again, are shown
without a rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..core.errors import RunDirectoryError
from ..core.files import write_atomically
from ..core.manifest import AgentRecord
from ..core.specs import canonical_json
from .curve import Profile
from .generalist import Generalist
from .result import Count, Digest, Estimate, Headline, Share
from .signature import Signer
from .submission import Card, File
from .verification import Status, Verification

FORMAT = 1
"""Version of ``leaderboard.json``."""


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scores of one task or family in a row.

    Attributes:
        n: episodes planned.
        n_valid: valid episodes.
        success: successes among them, with the Wilson interval.
        score: mean over tasks of the mean normalised score, with the stratified bootstrap interval.
    """

    n: Count
    n_valid: Count
    success: Estimate
    score: Estimate


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run on the board.

    Attributes:
        rank: place within the group, 1 first, equal figures equal; null where coverage is below 1
            or playing it again failed.
        agent: who played.
        submission: what its makers call it; empty for a run that was not packed.
        status: ``self-reported``: counted again from the episodes, not played again; ``verified``:
            episodes of it were played again without the agent, and match; ``failed``: they do not.
        checked: episodes of the submission that were played again.
        source: key of the submission or directory that it came in.
        run: number of the run within it.
        headline: the figure that is ranked.
        n: episodes planned.
        n_valid: valid episodes.
        coverage: ``n_valid / n``.
        families: scores by family.
        tasks: scores by task.
        profile: the share of its tasks above each score; null where it is of fewer than three.
        created: UTC time of the run's first start, ISO 8601.
        polyathlon: version of this package that played the run; empty where unknown.
        packages: versions of the packages that can change a score.
        renderers: by family, what drew its pictures.
        episodes_digest: SHA-256 of what was played.
    """

    rank: int | None
    agent: AgentRecord
    submission: str = ""
    status: Status = "self-reported"
    checked: Count = 0
    source: str = ""
    run: Count = 0
    headline: Headline
    n: Count
    n_valid: Count
    coverage: Share
    families: dict[str, Cell]
    tasks: dict[str, Cell]
    profile: Profile | None = None
    created: str
    polyathlon: str
    packages: dict[str, str]
    renderers: dict[str, dict[str, str]]
    episodes_digest: Digest


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The runs of one programme, best first.

    Attributes:
        benchmark: its name.
        title: a few words for people.
        benchmark_digest: SHA-256 of its declaration.
        tasks_digest: SHA-256 of the declarations of its tasks.
        metric: ``success`` or ``score``.
        aggregation: ``mean``, or ``iqm`` (over tasks).
        episodes_per_task: episodes of each task.
        tasks: its task ids.
        rows: ranked rows by rank, then the unranked by headline.
    """

    benchmark: str
    title: str
    benchmark_digest: Digest
    tasks_digest: Digest
    metric: Literal["success", "score"]
    aggregation: Literal["mean", "iqm"]
    episodes_per_task: Count
    tasks: tuple[str, ...]
    rows: tuple[Row, ...]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A submission or a run directory, and everything that is known of it as a whole.

    Attributes:
        key: names it here, and its pages and files on a site.
        name: what its makers call it; the agent's name for a directory.
        file: where it lay.
        size: of the submission's file [bytes]; 0 for a directory.
        digest: SHA-256 of the submission's file; empty for a directory.
        card: what its makers say; unchecked.
        weights: the agent's files, by hash.
        verification: what playing it again has shown; null where nobody has.
        generalist: one figure over the families that it played, where there are two or more; over
            one of its runs alone, where several hold the same task.
        signer: who signed the submission, as far as could be told where the board was made.
    """

    key: str
    name: str
    file: str
    size: Count = 0
    digest: str = ""
    card: Card = Card()
    weights: tuple[File, ...] = ()
    verification: Verification | None = None
    generalist: Generalist | None = None
    signer: Signer = Signer()


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that was found and is not on the board.

    Attributes:
        file: where it lay.
        reason: why, in one line.
    """

    file: str
    reason: str


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``leaderboard.json``.

    Attributes:
        format: version of this file's format.
        groups: one a programme, by name, then by digest.
        sources: what the rows came in, by key.
        refused: what was found in a folder and could not be read, by file.
    """

    format: Literal[1] = 1
    groups: tuple[Group, ...]
    sources: tuple[Source, ...] = ()
    refused: tuple[Refusal, ...] = ()


def write_board(path: Path, board: Board) -> None:
    """Writes ``leaderboard.json``, whole or not at all.

    Raises:
        RunDirectoryError: the disk refused, or another kind of file stands there.
    """
    if path.exists() and not is_board(path):
        raise RunDirectoryError(
            f"{path} exists and is not a leaderboard; it was left as it is. Use another --out"
        )
    write_atomically(path, msgspec.json.format(canonical_json(board), indent=1))


def is_board(path: Path) -> bool:
    """Whether a file is a ``leaderboard.json``."""
    try:
        found: Mapping[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, RecursionError):
        return False
    return {"format", "groups"} <= found.keys()
