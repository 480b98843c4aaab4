"""Plan, journal and runner together: plays what is missing from a run directory.

The same call on the same directory resumes; a directory that holds another plan is refused
with the difference, and a directory that is no run is left alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import msgspec

from ..core.episode import EpisodePlan, EpisodeResult
from ..core.errors import (
    BadArgument,
    PlanMismatch,
    PolyathlonError,
    RunDirectoryError,
    UnknownName,
)
from ..core.journal import Journal
from ..core.manifest import (
    FILE_NAME,
    AgentRecord,
    Manifest,
    describe_machine,
    installed_versions,
    read_manifest,
    write_manifest,
)
from ..core.protocols import Agent, embodiment_of
from ..core.specs import REWARD, Benchmark, TaskSpec, as_read_back, check_handshake
from ..tasks import catalogue
from ..tasks.interpreter import Interpreter, examine_all, named_interpreters
from . import BENCHMARKS, programmes
from .engine import Engine, LocalEngine, Work
from .plan import plan
from .recorder import Recorder
from .translation import demand_no_ops
from .workers.slot import Limits

MOST_EPISODES = 1_000_000
"""More episodes of a task than anybody plays; a slip of the keyboard is named at once."""

DEFAULT_EPISODES = 10
"""Episodes a task of a pattern is given when nobody says."""

FIRST_BLOCK = 10
"""Rounds that are played before anybody asks whether they are enough."""

Enough: TypeAlias = Callable[[Manifest, Sequence[EpisodeResult]], bool]
"""Says of a run that is being played whether what is known suffices."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to play; none of it can change a score.

    Attributes:
        slots: worker processes.
        tuned: find out by measuring how many of them play fastest.
        max_attempts: starts of an episode before it is invalid.
        retry_invalid: play episodes again that an earlier start gave up as invalid.
        films: how many episodes of each task are filmed.
        records: whether each episode's own log is kept, where the family has one.
        limits: deadlines.
        command: the command line, for the record.
    """

    slots: int = 1
    tuned: bool = False
    max_attempts: int = 3
    retry_invalid: bool = False
    films: int = 0
    records: bool = False
    limits: Limits = Limits()
    command: tuple[str, ...] = ()


class Watcher(Protocol):
    """Who wants to know how it goes."""

    def begin(self, total: int, done: Sequence[EpisodeResult]) -> None:
        """So many episodes are planned, these are on the disk already."""

    def recorded(self, result: EpisodeResult) -> None:
        """Another is on the disk; called from the recorder's thread."""

    def noted(self, text: str) -> None:
        """Something that is no fault and yet worth knowing, e.g. that no film can be made."""


def choose_benchmark(
    name: str,
    episodes: int | None = None,
    seed: int | None = None,
    task_kwargs: Mapping[str, Any] | None = None,
) -> Benchmark:
    """A registered benchmark, or a pattern as one, with the user's changes.

    Args:
        name: a benchmark's name, a task, a glob over tasks, or ``tag:...``.
        episodes: episodes a task; None keeps the benchmark's.
        seed: base seed; None keeps the benchmark's.
        task_kwargs: arguments for every task, over the benchmark's own.

    Raises:
        UnknownName: neither a benchmark nor a pattern that fits.
        BadArgument: a count below one.
    """
    if episodes is not None and not 1 <= episodes <= MOST_EPISODES:
        raise BadArgument(f"--episodes is {episodes}; it must be from 1 to {MOST_EPISODES:,}")
    if seed is not None and not 0 <= seed < 2**53:
        raise BadArgument(f"--seed is {seed}; it must be from 0 to 2**53 - 1")
    if name in BENCHMARKS:
        benchmark: Benchmark = BENCHMARKS[name]()
    else:
        benchmark = _custom(name, episodes or DEFAULT_EPISODES)
    changes = []
    if name in BENCHMARKS:
        if episodes not in (None, benchmark.episodes_per_task):
            changes.append(f"{episodes} episodes a task instead of {benchmark.episodes_per_task}")
        if seed not in (None, benchmark.base_seed):
            changes.append(f"seed {seed}")
        changes += [f"{key} {value}" for key, value in (task_kwargs or {}).items()]
    _refuse_repetition(benchmark.tasks, episodes or benchmark.episodes_per_task)
    return msgspec.structs.replace(
        benchmark,
        title="; ".join([benchmark.title, *changes]),
        episodes_per_task=episodes or benchmark.episodes_per_task,
        base_seed=benchmark.base_seed if seed is None else seed,
        task_kwargs={**benchmark.task_kwargs, **(task_kwargs or {})},
    )


def _refuse_repetition(tasks: Sequence[str], episodes: int) -> None:
    """The same episode twice would count as two that are independent."""
    for task in tasks:
        count = catalogue.find(task).numbered_episodes
        if count and episodes > count:
            raise BadArgument(f"{task} has {count} episodes; --episodes {episodes} is beyond them")


def _custom(pattern: str, episodes: int) -> Benchmark:
    try:
        return programmes.custom(pattern, episodes)
    except UnknownName as error:
        if error.kind != "task":
            raise
        # One name that is no task may have been meant for a benchmark.
        known = [*BENCHMARKS, *catalogue.families(), *catalogue.all_tasks()]
        raise UnknownName("task or benchmark", pattern, known, " See: polyathlon list") from None


def drop_tasks_without_oracle(benchmark: Benchmark) -> tuple[Benchmark, tuple[str, ...]]:
    """The benchmark less the tasks that no oracle can play, and the ids left out."""
    unable = tuple(t for t in benchmark.tasks if not _oracle_plays(catalogue.all_tasks()[t]))
    tasks = tuple(task for task in benchmark.tasks if task not in unable)
    title = benchmark.title
    if unable:
        # Whoever reads the result must not take it for the whole benchmark's.
        title += f"; {len(tasks)} of its {len(benchmark.tasks)} tasks: no oracle for the others"
    # A part without one of its tasks would be another part under the same name.
    groups = tuple(group for group in benchmark.groups if not set(group.tasks) & set(unable))
    kept = {group.name for group in groups}
    headline = benchmark.headline_group if benchmark.headline_group in kept else ""
    compared = tuple(name for name in benchmark.compared if name in kept)
    return msgspec.structs.replace(
        benchmark,
        tasks=tasks,
        title=title,
        groups=groups,
        headline_group=headline,
        compared=compared,
    ), unable


def _oracle_plays(spec: TaskSpec) -> bool:
    return spec.oracle is not None and spec.oracle_solves


def evaluate(
    benchmark: Benchmark,
    record: AgentRecord,
    agent: Agent | None,
    directory: Path,
    settings: Settings,
    watcher: Watcher,
    enough: Enough | None = None,
    engine: Engine | None = None,
) -> Manifest:
    """Plays what a run directory lacks of a benchmark.

    Args:
        benchmark: what to play.
        record: who plays, for the manifest.
        agent: the agent; None lets the tasks' own oracles play.
        directory: created if need be.
        settings: how to play.
        watcher: is told how it goes.
        enough: is asked between blocks of rounds (a round is an episode of each task) whether to
            stop; None plays all.
        engine: where it is played; None for worker processes of this one.

    Returns:
        The manifest; the results are in the journal beside it.

    Raises:
        PolyathlonError: any mistake that the user can mend; see :mod:`polyathlon.core.errors`.
    """
    if settings.slots < 1 or settings.max_attempts < 1 or settings.films < 0:
        raise BadArgument("--slots and --max-attempts must be at least 1, --video at least 0")
    specs = {task: catalogue.find(task) for task in benchmark.tasks}
    if not specs:
        raise BadArgument(f"'{benchmark.id}' has no task that agent '{record.name}' can play")
    _check_fit(agent, record, specs)
    engine = engine or LocalEngine(agent, settings.slots, settings.limits, settings.tuned)
    pythons = examine_all(named_interpreters(), (spec.family for spec in specs.values()))
    wanted = _manifest(benchmark, record, specs, settings, pythons)
    _prepare_directory(directory)
    with Journal(directory) as journal:
        manifest = _settle_manifest(directory, as_read_back(wanted), journal)
        journal.open()
        missing = journal.missing(plan(benchmark), settings.retry_invalid)
        watcher.begin(benchmark.episodes_per_task * len(specs), list(journal.results.values()))
        for family, python in pythons.items():
            watcher.noted(f"{family}: played by a Python of its own, {python.python}")
        for block in _blocks(missing, enough is not None):
            if enough is not None and enough(manifest, list(journal.results.values())):
                break
            manifest = _play(
                block, manifest, engine, directory, journal, settings, pythons, watcher
            )
        if isinstance(engine, LocalEngine):
            engine.conclude()
    return manifest


def _manifest(
    benchmark: Benchmark,
    record: AgentRecord,
    specs: Mapping[str, TaskSpec],
    settings: Settings,
    pythons: Mapping[str, Interpreter],
) -> Manifest:
    return Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tuple(specs.values()),
        agent=record,
        max_attempts=settings.max_attempts,
        metrics=catalogue.metric_tables(specs.values()),
        packages=installed_versions(),
        machine=describe_machine(),
        command=settings.command,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        interpreters={family: python.record() for family, python in pythons.items()}
        or msgspec.UNSET,
    )


def _blocks(missing: Sequence[EpisodePlan], in_rounds: bool) -> Iterator[list[EpisodePlan]]:
    """What is missing, at once, or in blocks of rounds that grow by a quarter."""
    if not in_rounds:
        if missing:
            yield list(missing)
        return
    done, end = 0, FIRST_BLOCK
    while block := [plan for plan in missing if plan.index >= done]:
        now = [plan for plan in block if plan.index < end]
        if now:
            yield now
        done, end = end, end + max(1, end // 4)


def _check_fit(agent: Agent | None, record: AgentRecord, specs: Mapping[str, TaskSpec]) -> None:
    """Whether this agent can play these tasks: now, and not hours later when their turn comes."""
    if agent is None:
        _demand_oracles(specs)
    else:
        for spec in specs.values():
            check_handshake(embodiment_of(agent), spec.embodiment, spec.id)
    if record.on_invalid == "no-op":
        demand_no_ops(specs)


def _demand_oracles(specs: Mapping[str, TaskSpec]) -> None:
    unable = [task for task, spec in specs.items() if not _oracle_plays(spec)]
    if unable:
        raise BadArgument(
            f"{len(unable)} of these {len(specs)} tasks have no oracle that solves them, "
            f"e.g. {unable[0]}; leave them out with --skip-unsupported"
        )


def _prepare_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        present = {path.name for path in directory.iterdir()}
    except OSError as error:
        raise RunDirectoryError(f"cannot use {directory}: {error.strerror}") from error
    # A crash before the manifest stood may have left its beginnings; those are nobody else's.
    foreign = {name for name in present if not name.startswith(f".{FILE_NAME}.")}
    if foreign and FILE_NAME not in foreign:
        raise RunDirectoryError(
            f"{directory} is not empty and holds no run (no {FILE_NAME}); nothing in it was "
            "touched. Give --out a new or empty directory."
        )


def _settle_manifest(directory: Path, wanted: Manifest, journal: Journal) -> Manifest:
    """Writes the manifest of a new run, or checks that an old one is of the same plan."""
    if not (directory / FILE_NAME).exists():
        write_manifest(directory, wanted)
        return wanted
    found = read_manifest(directory)
    have, want = found.identity(), wanted.identity()
    changed = [key for key in want if have[key] != want[key]]
    # Digests say only that something differs; they are shown where nothing else does.
    telling = [key for key in changed if "digest" not in key] or changed
    differing = [f"{key}: {have[key]:.200} there, {want[key]:.200} asked for" for key in telling]
    differing += _other_versions(found, wanted)
    if differing and journal.is_blank:
        # Nothing has been played: it was a first try with a mistake in it.
        write_manifest(directory, wanted)
        return wanted
    if differing:
        raise PlanMismatch(
            f"{directory} holds another plan; nothing was changed. "
            + "; ".join(differing)
            + ". Use another --out."
        )
    return found


def _other_versions(found: Manifest, wanted: Manifest) -> list[str]:
    """Half a run on one version of a simulator and half on another nobody can repeat."""
    differing = [
        f"package {name}: {version} there, {wanted.packages[name]} installed"
        for name, version in found.packages.items()
        if wanted.packages.get(name, version) != version
    ]
    then, now = found.interpreters or {}, wanted.interpreters or {}
    for family in sorted({*then, *now}):
        there, here = then.get(family), now.get(family)
        if there is None or here is None:
            lone = "there and not now" if here is None else "now and not there"
            differing.append(f"an interpreter of its own for {family}: {lone}")
            continue
        differing += [
            f"{family} with {name} {there.get(name, 'none')} there, {here.get(name, 'none')} now"
            for name in sorted({*there, *here})
            if there.get(name) != here.get(name)
        ]
    return differing


def _play(
    missing: list[EpisodePlan],
    manifest: Manifest,
    engine: Engine,
    directory: Path,
    journal: Journal,
    settings: Settings,
    pythons: Mapping[str, Interpreter],
    watcher: Watcher,
) -> Manifest:
    renderers = dict(manifest.renderers)

    def prepared(spec: TaskSpec, render_info: Mapping[str, str]) -> None:
        nonlocal manifest
        known = renderers.get(spec.family, {})
        merged = _merge_render_info(known, render_info)
        if merged != known:
            for text in _worth_saying(known, merged):
                watcher.noted(f"{spec.family}: {text}")
            renderers[spec.family] = merged
            manifest = msgspec.structs.replace(manifest, renderers=dict(renderers))
            write_manifest(directory, manifest)

    specs = {spec.id: spec for spec in manifest.tasks}
    recorder = Recorder(journal, watcher.recorded)
    try:
        engine.play(
            Work(
                plans=missing,
                manifest=manifest,
                specs=specs,
                task_kwargs={
                    task: task_kwargs(spec, manifest, filmed=settings.films > 0)
                    for task, spec in specs.items()
                },
                on_invalid=manifest.agent.on_invalid,
                rewards=REWARD in (wanted_fields(manifest) or ()),
                interpreters={family: python.path for family, python in pythons.items()},
                films=settings.films,
                records=settings.records,
                directory=directory,
                finished=recorder.put,
                prepared=prepared,
                noted=watcher.noted,
            )
        )
    finally:
        recorder.close()
    return manifest


def _worth_saying(known: Mapping[str, str], merged: Mapping[str, str]) -> list[str]:
    """What somebody with graphics cards wants to know of who draws, once."""
    said = []
    if merged.get("card") != known.get("card"):
        said.append(f"drawn on {merged.get('device', 'a card')}, card {merged['card']}")
    if merged.get("fallback") != known.get("fallback"):
        said.append(
            f"drawn by {merged.get('device', 'a program')}: {merged['fallback']}, which is many "
            "times slower; 'polyathlon doctor' tries what can draw"
        )
    return said


def _merge_render_info(known: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Both; where a run has been drawn by two devices, both are named."""
    merged = dict(known)
    for key, value in new.items():
        values = merged[key].split("; ") if key in merged else []
        if value not in values:
            merged[key] = "; ".join([*values, value])
    return merged


def wanted_fields(manifest: Manifest) -> Sequence[str] | None:
    """What is shown: what the benchmark says, else what the agent asks for; None leaves it open."""
    return manifest.benchmark.task_kwargs.get("observations") or manifest.agent.observations


def task_kwargs(spec: TaskSpec, manifest: Manifest, filmed: bool) -> dict[str, Any]:
    """The arguments of a task's environment: the benchmark's, the agent's wishes, the film's."""
    kwargs = dict(manifest.benchmark.task_kwargs)
    kwargs.pop("observations", None)
    wanted = wanted_fields(manifest)
    if wanted is not None:
        # The words of the episode are always seen: without them most tasks cannot be told apart.
        fields = tuple(f for f in spec.observations if f in (*wanted, "instruction"))
        lacking = [field for field in wanted if field not in (*spec.observations, REWARD)]
        if lacking:
            raise PolyathlonError(
                f"{spec.id} offers the observations {', '.join(spec.observations)}; "
                f"'{lacking[0]}' was asked for"
            )
        kwargs["observations"] = fields
    if filmed:
        kwargs["render_mode"] = "rgb_array"
    return kwargs
