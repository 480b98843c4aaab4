"""The runs that a path stands for: a run directory, or what a submission holds; counted again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from ..core.episode import EpisodeResult
from ..core.errors import BadArgument
from ..core.manifest import Manifest
from .recount import recompute
from .result import Result
from .signature import Signer
from .validation import validate
from .verification import Status, verification_of

DIGITS, SHORTEST = 12, 8
"""Hexadecimal digits of a digest that name a benchmark: as many are shown, and so few suffice."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One run, and what is known of where it comes from.

    Attributes:
        path: the directory or submission.
        name: what a board calls the agent.
        manifest: what was to be played.
        results: its episodes.
        result: its figures, from the episodes.
        url: where its makers say more; empty where they do not.
        digest: SHA-256 of the submission; empty for a directory.
        status: whether episodes of the submission were played again, and how that came out.
        checked: how many.
        signer: who signed the submission.
    """

    path: Path
    name: str
    manifest: Manifest
    results: tuple[EpisodeResult, ...]
    result: Result
    url: str = ""
    digest: str = ""
    status: Status = "self-reported"
    checked: int = 0
    signer: Signer = Signer()


def read_evidence(path: Path, trusted: Mapping[str, str] | None = None) -> list[Evidence]:
    """The runs of a path, each counted again; nothing that it states is believed.

    Args:
        path: a run directory, or a submission beside which its verification may lie.
        trusted: name by public key of those whose signature is known.

    Raises:
        PolyathlonError: it is neither, or does not hold together.
    """
    if not path.is_file():
        run = recompute(path)
        return [
            Evidence(
                path=path,
                name=run.manifest.agent.name,
                manifest=run.manifest,
                results=run.results,
                result=run.result,
            )
        ]
    checked = validate(path, trusted)
    known = verification_of(path, checked.digest)
    return [
        Evidence(
            path=path,
            name=checked.submission.name,
            manifest=run.manifest,
            results=run.results,
            result=run.result,
            url=checked.submission.card.url,
            digest=checked.digest,
            status=known.status if known else "self-reported",
            checked=known.checked if known else 0,
            signer=checked.signer,
        )
        for run in checked.runs
    ]


def runs_of(found: Iterable[Evidence], benchmark: str | None) -> list[Evidence]:
    """Those of some runs that are of a benchmark.

    Args:
        found: the runs.
        benchmark: its name, or how its digest begins, for names may be alike; None for all.
    """
    if benchmark is None:
        return list(found)
    return [
        one
        for one in found
        if one.manifest.benchmark.id == benchmark
        or (len(benchmark) >= SHORTEST and one.manifest.benchmark_digest.startswith(benchmark))
    ]


def named(run: Evidence) -> str:
    """A run's benchmark by its name and by what tells it from others of that name."""
    return f"{run.manifest.benchmark.id} ({run.manifest.benchmark_digest[:DIGITS]})"


def only_run(found: Iterable[Evidence], benchmark: str | None = None) -> Evidence:
    """The one run among those of a path.

    Args:
        found: the runs.
        benchmark: whose run is wanted, as ``runs_of`` takes it; None where there is only one.

    Raises:
        BadArgument: there is none, or several.
    """
    runs = list(found)
    chosen = runs_of(runs, benchmark)
    if len(chosen) == 1:
        return chosen[0]
    wanted = f"{len(chosen)} of '{benchmark}'" if benchmark else f"{len(runs)}"
    raise BadArgument(
        f"{runs[0].path} holds runs of {', '.join(map(named, runs))}; one is wanted, not {wanted}. "
        "Name it, or its digest, by --benchmark"
    )
