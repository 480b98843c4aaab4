"""What playing a submission again has shown, and how likely a forgery would have been caught."""

from __future__ import annotations

import math
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from ..core.errors import BadArgument, RunDirectoryError
from ..core.files import write_atomically
from ..core.specs import canonical_json
from .result import Count, Digest, Share

FORMAT = 1
"""Version of the file's format."""

SUFFIX = ".verification.json"
"""Follows the submission's name."""

LEVEL = 0.01
"""Chance of calling an honest run of a statistical task forged, over all its tests together."""

Status = Literal["verified", "self-reported", "failed"]


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One episode that was played again.

    Attributes:
        benchmark: of the run.
        task: the task's id.
        index: the episode's number.
        by: what decided: every ``bit``, the ``outcome``, or the ``distribution``.
        matches: whether what decides is the same.
        what: the first thing that differs; empty where nothing does.
        recorded: success and total reward as submitted.
        played: success and total reward this time.
    """

    benchmark: str
    task: str
    index: Count
    by: Literal["bit", "outcome", "distribution"]
    matches: bool
    what: str
    recorded: tuple[bool, float]
    played: tuple[bool, float]


class Verification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``<submission>.verification.json``.

    Attributes:
        format: version of this file's format.
        submission: SHA-256 of the submission's file.
        status: ``verified`` where everything played again matches, ``failed`` where something
            does not, ``self-reported`` where this machine could not tell.
        reason: why, in words.
        episodes: valid episodes of the submission.
        checked: how many of them were played again.
        by_bit: of those, how many were compared to the last bit.
        seed: of the sample; null where all were played.
        catches_one: chance that a sample of this size holds a given episode.
        differing: the episodes that do not match.
        machine: where it was played again.
        packages: versions it was played again with.
    """

    format: Literal[1] = 1
    submission: Digest
    status: Status
    reason: str
    episodes: Count
    checked: Count
    by_bit: Count
    seed: Count | None
    catches_one: Share
    differing: tuple[Check, ...]
    machine: dict[str, str | int]
    packages: dict[str, str]


class Sample(NamedTuple):
    """Which of so many episodes are played again; the seed is None where all are."""

    chosen: tuple[int, ...]
    of: int
    seed: int | None

    def catches(self, forged: int) -> float:
        """The chance that at least one of so many forged episodes is among the chosen."""
        return catch_probability(self.of, len(self.chosen), forged)


def draw(population: int, size: int | None, seed: int | None = None) -> Sample:
    """A sample of episodes, by dice that the submitter cannot have foreseen.

    Args:
        population: valid episodes.
        size: how many to play again; None for all.
        seed: of the dice, to repeat a verification; None lets the system choose one.

    Raises:
        BadArgument: a size below 1.
    """
    if size is not None and size < 1:
        raise BadArgument(f"--sample {size}: give at least 1")
    if size is None or size >= population:
        return Sample(tuple(range(population)), population, None)
    seed = secrets.randbits(53) if seed is None else seed
    chosen = np.random.default_rng(seed).choice(population, size, replace=False)
    return Sample(tuple(sorted(int(one) for one in chosen)), population, seed)


def catch_probability(population: int, size: int, forged: int) -> float:
    """The chance that a sample without replacement holds at least one of the forged episodes.

    One minus the hypergeometric probability of none: ``1 - C(N - f, k) / C(N, k)``.

    Args:
        population: N, all episodes.
        size: k, how many are drawn.
        forged: f, how many of them are forged.
    """
    if not 0 <= size <= population or not 0 <= forged <= population:
        raise BadArgument(f"{size} drawn and {forged} forged of {population}")
    # The forged ones escape one after the other: the same as C(N - f, k) / C(N, k), without the
    # huge numbers.
    escaped = (max(0, population - size - at) / (population - at) for at in range(forged))
    return 1.0 - math.prod(escaped)


def forged_tasks(checks: Sequence[Check]) -> dict[str, str]:
    """Statistical tasks whose episodes, played again, are distributed otherwise than submitted.

    Returns are held against each other by the two-sample Kolmogorov-Smirnov test, outcomes by
    Fisher's exact test; all tests together err with a chance of at most ``LEVEL`` (Bonferroni).

    Returns:
        Task to what differs, in words.
    """
    from scipy.stats import fisher_exact, ks_2samp

    by_task: dict[str, list[Check]] = defaultdict(list)
    for one in checks:
        if one.by == "distribution":
            by_task[one.task].append(one)
    found = {}
    level = LEVEL / (2 * max(1, len(by_task)))
    for task, mine in by_task.items():
        wins = [sum(one.recorded[0] for one in mine), sum(one.played[0] for one in mine)]
        outcomes = fisher_exact([[won, len(mine) - won] for won in wins]).pvalue
        returns = ks_2samp([one.recorded[1] for one in mine], [one.played[1] for one in mine])
        if outcomes < level:
            found[task] = f"{wins[0]} of {len(mine)} won as submitted, {wins[1]} played again"
        elif returns.pvalue < level:
            found[task] = f"returns are distributed otherwise (p = {returns.pvalue:.2g})"
    return found


def judge(
    digest: str,
    sample: Sample,
    checks: Sequence[Check],
    trouble: str,
    machine: Mapping[str, str | int],
    packages: Mapping[str, str],
) -> Verification:
    """The verdict.

    Args:
        digest: SHA-256 of the submission's file.
        sample: what was to be played.
        checks: what came of it.
        trouble: why this machine could not play something, or why a difference proves nothing;
            empty where it could.
        machine: this one.
        packages: installed here.
    """
    differing = tuple(one for one in checks if not one.matches)
    strange = forged_tasks(checks)
    status: Status
    if trouble:
        status, reason = "self-reported", trouble
    elif differing or strange:
        status = "failed"
        named = [f"{one.task} episode {one.index}: {one.what}" for one in differing[:3]]
        named += [f"{task}: {what}" for task, what in strange.items()]
        count = f"{len(differing)} of {len(checks)} episodes do not match" if differing else ""
        reason = "; ".join(filter(None, [count, *named]))
    else:
        status, reason = (
            "verified",
            f"{len(checks)} of {sample.of} episodes played again, all match",
        )
    by_bit = sum(one.by == "bit" for one in checks)
    if status == "verified" and by_bit < len(checks):
        reason += f"; {len(checks) - by_bit} of them by outcome or distribution alone"
    return Verification(
        submission=digest,
        status=status,
        reason=reason,
        episodes=sample.of,
        checked=len(checks),
        by_bit=by_bit,
        seed=sample.seed,
        catches_one=sample.catches(1) if sample.of else 0.0,
        differing=differing,
        machine=dict(machine),
        packages=dict(packages),
    )


def beside(submission: Path) -> Path:
    """Where the verification of a submission lies."""
    return submission.with_name(submission.name + SUFFIX)


def write_verification(path: Path, verification: Verification) -> None:
    """Writes it, whole or not at all.

    Raises:
        RunDirectoryError: the disk refused.
    """
    write_atomically(path, msgspec.json.format(canonical_json(verification), indent=1))


def verification_of(submission: Path, digest: str) -> Verification | None:
    """What playing a submission again has shown, from the file beside it.

    Args:
        submission: its file.
        digest: SHA-256 of it: a verification of other bytes says nothing of these.

    Returns:
        None where there is none of these bytes.

    Raises:
        RunDirectoryError: there is a file, and it cannot be read, or is no verification.
    """
    found = read_verification(beside(submission))
    return found if found is not None and found.submission == digest else None


def read_verification(path: Path) -> Verification | None:
    """The verification in a file, or None where there is none.

    Raises:
        RunDirectoryError: it cannot be read, or is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verification)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunDirectoryError(
            f"{path} is not a verification: {error}. Delete it and verify again"
        ) from error
