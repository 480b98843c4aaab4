"""``polyathlon leaderboard verify``: plays a submission's recorded actions again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..core.errors import PolyathlonError
from ..core.manifest import Manifest, describe_machine, installed_versions
from .leaderboard import describe, leaderboard_group, trusted_option

if TYPE_CHECKING:
    from ..core.episode import EpisodeResult
    from ..leaderboard.submission import PackedRun
    from ..leaderboard.verification import Check, Sample, Verification

NOT_PLAYED = 3
"""Exit code where this machine could not tell: nothing is proven either way."""

CODES = {"verified": 0, "failed": 1, "self-reported": NOT_PLAYED}

IRRELEVANT = {"polyathlon", "msgspec", "torch", "transformers", "pillow"}
"""Recorded packages that no simulator plays with."""


class _Due(NamedTuple):
    run: PackedRun
    episode: EpisodeResult


@leaderboard_group.command("verify")
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--sample", type=int, default=20, show_default=True, help="Episodes to play again.")
@click.option("--all", "everything", is_flag=True, help="Play all of them again.")
@click.option("--seed", type=click.IntRange(0), help="Of the sample [the system's dice].")
@click.option("--out", type=click.Path(path_type=Path), help="The verdict's file [beside it].")
@trusted_option
def verify_command(
    submission: Path,
    sample: int,
    everything: bool,
    seed: int | None,
    out: Path | None,
    trusted: Path | None,
) -> int:
    """Play the recorded actions of SUBMISSION again in the real simulators, without the agent.

    Exit codes: 0 verified, 1 failed, 2 refused, 3 this machine cannot tell.
    """
    from ..leaderboard.signature import read_trusted
    from ..leaderboard.validation import validate
    from ..leaderboard.verification import beside, draw, judge, write_verification

    checked = validate(submission, read_trusted(trusted) if trusted else None)
    describe(checked)
    due = [_Due(run, one) for run in checked.runs for one in run.results if one.trace is not None]
    drawn = draw(len(due), None if everything else sample, seed)
    _announce(drawn)
    checks: list[Check] = []
    trouble = ""
    try:
        for check in _play([due[at] for at in drawn.chosen]):
            checks.append(check)
            _show(check)
    except PolyathlonError as error:
        trouble = f"cannot be played here: {error}"
    if not trouble and not all(one.matches for one in checks):
        trouble = _other_versions([run.manifest for run in checked.runs])
    verdict = judge(
        checked.digest, drawn, checks, trouble, describe_machine(), installed_versions()
    )
    path = out or beside(submission)
    write_verification(path, verdict)
    _conclude(verdict, submission, path)
    return CODES[verdict.status]


def _announce(sample: Sample) -> None:
    if sample.seed is None:
        click.echo(f"playing all {sample.of} episodes again")
        return
    few = max(1, round(0.05 * sample.of))
    click.echo(
        f"playing {len(sample.chosen)} of {sample.of} episodes again (--seed {sample.seed}): "
        f"one forged episode is caught with probability {sample.catches(1):.3f}, "
        f"{few} forged (5%) with {sample.catches(few):.3f}"
    )


def _play(due: Sequence[_Due]) -> Iterator[Check]:
    """Each episode in a worker that keeps a task's world for the next of the same task."""
    from ..benchmarks.replay import Replayer
    from ..core.episode import Outcome
    from ..leaderboard.validation import actions_of
    from ..leaderboard.verification import Check

    for run in {id(one.run): one.run for one in due}.values():
        with Replayer(run.manifest) as replayer:
            for one in (found.episode for found in due if found.run is run):
                found = replayer.play(one, actions_of(run, one))
                yield Check(
                    benchmark=run.manifest.benchmark.id,
                    task=one.plan.task,
                    index=one.plan.index,
                    by=found.by,
                    matches=found.matches,
                    what="" if found.matches else found.differing,
                    recorded=(one.outcome is Outcome.SUCCESS, one.total_reward),
                    played=(found.success, found.total_reward),
                )


def _show(check: Check) -> None:
    if not check.matches:
        click.echo(f"  DIFFERS  {check.task} #{check.index}: {check.what}")


def _other_versions(manifests: Sequence[Manifest]) -> str:
    """Why a difference proves nothing here; empty where platform and versions are the run's."""
    from ..benchmarks.replay import is_this_platform
    from ..tasks.interpreter import examine_all, named_interpreters

    if not all(is_this_platform(manifest.machine) for manifest in manifests):
        return "it differs, but it was played on another platform"
    ours = {**installed_versions(), **describe_machine()}
    differing = set()
    for manifest in manifests:
        families = {spec.family for spec in manifest.tasks}
        pythons = examine_all(named_interpreters(), families)
        for family in families:
            there = (manifest.interpreters or {}).get(family, manifest.packages)
            here = pythons[family].record() if family in pythons else ours
            differing |= {
                f"{name} {version} there, {here.get(name, 'none')} here"
                for name, version in there.items()
                if name not in IRRELEVANT and here.get(name) != version
            }
    if not differing:
        return ""
    return "it differs, but other versions play here: " + "; ".join(sorted(differing))


def _conclude(verdict: Verification, submission: Path, path: Path) -> None:
    click.echo(f"verdict  {path}")
    click.echo(f"{verdict.status:<8} {submission}: {verdict.reason}")
