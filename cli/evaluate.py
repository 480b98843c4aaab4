"""``polyathlon eval``: play a benchmark with an agent; the same command resumes."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from ..benchmarks.engine import Engine
from ..benchmarks.evaluate import (
    Settings,
    choose_benchmark,
    drop_tasks_without_oracle,
    evaluate,
)
from ..benchmarks.workers.slot import Limits
from ..core.episode import EpisodeResult
from ..core.errors import (
    AgentFailed,
    BadArgument,
    InvalidAction,
    JournalCorrupt,
    RunDirectoryError,
)
from ..core.journal import read_journal
from ..core.manifest import AgentRecord, Manifest
from ..core.memory import keep_freed_memory
from ..core.protocols import Agent
from ..core.specs import FIELDS, REWARD, Benchmark
from ..leaderboard.result import Result, read_result, write_result
from ..leaderboard.sequence import success_so_far
from ..leaderboard.summary import summarise
from ..tasks import catalogue
from ..tasks.observation import parse_image_size
from .number import RealRange
from .player import dismiss, load_player
from .progress import ProgressWatcher
from .trained import shown_to

RESULT = "result.json"

MOST_PER_CORE = 4
"""``--slots auto`` looks at up to so many slots a core: a policy elsewhere leaves cores idle."""

INCOMPLETE = 3
"""Exit code of a run in which an episode is invalid: its figures stand on fewer episodes."""


@click.command("eval")
@click.argument("benchmark", metavar="BENCHMARK_OR_PATTERN")
@click.option(
    "--agent",
    "agent_name",
    required=True,
    help="A name, module:Class, a trained one's folder, or a server's address: ws://HOST:PORT.",
)
@click.option("--episodes", type=int, help="Episodes of each task [the benchmark's, or 10].")
@click.option(
    "--until-width",
    type=RealRange(0, 1, min_open=True, max_open=True),
    help="Stop once the success is known within an interval so wide; --episodes is the most.",
)
@click.option("--slots", metavar="N|auto", help="Worker processes [the number of cores].")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Play on this machine, or on a Ray cluster.",
)
@click.option("--address", default="", help="Of the cluster, or auto [one of this machine alone].")
@click.option(
    "--actor-slots",
    type=int,
    help="Slots that share an agent, with --engine ray [1].",
)
@click.option("--actor-gpus", type=float, help="Of each agent, e.g. 0.25 [shares what there is].")
@click.option("--seed", type=int, help="Base seed [the benchmark's].")
@click.option("--out", "out", type=click.Path(path_type=Path), help="Run directory.")
@click.option("--video", type=int, default=1, show_default=True, help="Films of each task.")
@click.option("--records", is_flag=True, help="Keep each episode's own log, where there is one.")
@click.option("--obs", help="Observations, e.g. rgb,state [the agent's, or the task's].")
@click.option("--image-size", type=int, help="Side of the pictures [px].")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument of the tasks, e.g. episodes=official; may be repeated.",
)
@click.option("--render-profile", type=click.Choice(["fast", "full"]), help="How to draw.")
@click.option(
    "--max-attempts", type=int, default=3, show_default=True, help="Starts before INVALID."
)
@click.option("--retry-invalid", is_flag=True, help="Play invalid episodes again.")
@click.option(
    "--on-invalid",
    type=click.Choice(["fail", "no-op", "resample"]),
    default="fail",
    show_default=True,
    help="Of an utterance that means no action: end the run, do nothing instead, ask again.",
)
@click.option("--skip-unsupported", is_flag=True, help="Leave out tasks the oracle cannot play.")
@click.option("--startup-timeout", type=float, default=180.0, show_default=True, help="[s]")
@click.option("--step-timeout", type=float, default=60.0, show_default=True, help="[s]")
@click.option("--episode-timeout", type=float, default=3600.0, show_default=True, help="[s]")
@click.option("--profile", is_flag=True, help="Draw where the time went, task by task.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def eval_command(benchmark: str, agent_name: str, as_json: bool, **options: Any) -> int:
    """Play a benchmark, a task, a glob (quote it) or tag:NAME with an agent.

    Several are joined by commas. The same command on the same directory plays what is missing.
    Exit codes: 0 complete, 1 the agent's code raised, or its server or the cluster is lost, 2 a
    mistake in the command or an action that is not valid, 3 some episodes are INVALID, 130
    interrupted.
    """
    keep_freed_memory()
    _task_kwargs(options)  # What is mistyped is named before anything is loaded.
    record, agent = load_player(agent_name)
    if options["image_size"] is None:
        options["image_size"] = getattr(agent, "image_size", None)
    chosen = _choose(benchmark, agent, options)
    record = msgspec.structs.replace(record, on_invalid=options["on_invalid"])
    if agent is None and options["skip_unsupported"]:
        chosen, left_out = drop_tasks_without_oracle(chosen)
        if left_out:
            click.echo(f"left out, no oracle: {', '.join(left_out)}", err=True)
    _check_observations(agent_name, record.observations, options["obs"])
    tuned, options["slots"] = _slots(options)
    directory = options["out"] or default_directory(benchmark, agent_name, chosen.base_seed)
    settings = Settings(
        slots=options["slots"] or (MOST_PER_CORE if tuned else 1) * _default_slots(),
        tuned=tuned,
        max_attempts=options["max_attempts"],
        retry_invalid=options["retry_invalid"],
        films=options["video"],
        records=options["records"],
        limits=_limits(options),
        command=("polyathlon", *sys.argv[1:]),
    )
    _check_nothing_is_lost(directory)
    width = options["until_width"]
    enough = None if width is None else partial(_is_known, width)
    if width is not None:
        _demand_success(chosen.tasks)
    try:
        with ProgressWatcher() as watcher, _engine(agent_name, record, options) as engine:
            manifest = evaluate(chosen, record, agent, directory, settings, watcher, enough, engine)
    except (AgentFailed, InvalidAction):
        done = len(read_journal(directory))
        click.echo(f"{done} finished episodes are safe in {directory}", err=True)
        raise
    except KeyboardInterrupt:
        done = len(read_journal(directory))
        click.echo(
            f"interrupted: {done} episodes are safe in {directory}; the same command goes on",
            err=True,
        )
        return 130
    finally:
        dismiss(agent)
    code = _conclude(directory, manifest, as_json, options["profile"])
    return code if width is None else _tell_whether_known(directory, manifest, width, code)


def _engine(
    agent: str, record: AgentRecord, options: Mapping[str, Any]
) -> contextlib.AbstractContextManager[Engine | None]:
    """Where it is played; None is here."""
    if options["engine"] == "local":
        names = ("address", "actor_slots", "actor_gpus")
        given = [name for name in names if options[name] not in (None, "")]
        if given:
            raise BadArgument(f"--{given[0].replace('_', '-')} is for --engine ray")
        return contextlib.nullcontext()
    from ..benchmarks.cluster.engine import RayEngine, Shape

    together = 1 if options["actor_slots"] is None else options["actor_slots"]
    shape = Shape(options["slots"], together, options["actor_gpus"])
    loader = "polyathlon.cli.player:load_player"
    return RayEngine(options["address"], shape, agent, loader, record, _limits(options))


def _demand_success(tasks: Sequence[str]) -> None:
    """What has no notion of success is never known well enough."""
    without = [task for task in tasks if catalogue.find(task).score == "none"]
    if without:
        raise BadArgument(f"--until-width is of the success, which {without[0]} does not have")


def _is_known(width: float, manifest: Manifest, results: Sequence[EpisodeResult]) -> bool:
    return success_so_far(manifest, results).width <= width


def _tell_whether_known(directory: Path, manifest: Manifest, width: float, code: int) -> int:
    """The interval that an early stop leaves valid; a run stopped by it is complete."""
    found = success_so_far(manifest, read_journal(directory))
    known = found.width <= width
    click.echo(
        f"{'stopped' if known else 'not yet'}  after {found.rounds} of "
        f"{manifest.benchmark.episodes_per_task} rounds: success {found.value:.3f} within "
        f"[{found.low:.3f}, {found.high:.3f}], a 95% interval however often one looks; "
        f"--until-width {width:g}",
        err=True,
    )
    return 0 if known else code


def _check_nothing_is_lost(directory: Path) -> None:
    """A result that counts episodes beside a journal that holds none says that it is lost."""
    try:
        stated = read_result(directory)
    except RunDirectoryError:
        return  # It is made anew from the journal, whatever has become of it.
    if stated is None:
        return
    counted = stated.overall.n_valid + stated.overall.n_invalid
    if counted and not read_journal(directory):
        raise JournalCorrupt(
            f"{directory / RESULT} counts {counted} episodes, the journal beside it holds 0. "
            "Nothing was changed; restore episodes.jsonl from a copy, or use another --out."
        )


def _conclude(directory: Path, manifest: Manifest, as_json: bool, profile: bool) -> int:
    result = summarise(manifest, read_journal(directory))
    write_result(directory, result)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=1).decode())
    else:
        from .table import print_result

        print_result(result, manifest.benchmark.title, directory)
    if profile and not as_json:
        from .clock import print_times

        print_times(result)
    return INCOMPLETE if _is_incomplete(result) else 0


def _choose(name: str, agent: Agent | None, options: Mapping[str, Any]) -> Benchmark:
    """What is played, and what is shown of it."""
    kwargs = _task_kwargs(options)
    chosen = choose_benchmark(name, options["episodes"], options["seed"], kwargs)
    if "observations" not in chosen.task_kwargs and (shown := shown_to(agent, chosen.tasks)):
        kwargs = {**chosen.task_kwargs, "observations": shown}
        chosen = msgspec.structs.replace(chosen, task_kwargs=kwargs)
    return chosen


def _is_incomplete(result: Result) -> bool:
    return result.overall.n_valid < result.overall.n


def _task_kwargs(options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the tasks that the command line sets."""
    kwargs: dict[str, Any] = dict(map(assignment, options["assignments"]))
    if options["obs"] is not None:
        fields = [field.strip() for field in options["obs"].split(",")]
        known = (*FIELDS, REWARD)
        unknown = [field for field in fields if field not in known]
        if unknown:
            raise BadArgument(f"--obs names '{unknown[0]}'; observations are {', '.join(known)}")
        kwargs["observations"] = fields
    if options["image_size"] is not None:
        parse_image_size(options["image_size"])
        kwargs["image_size"] = options["image_size"]
    if options["render_profile"] is not None:
        kwargs["render_profile"] = options["render_profile"]
    return kwargs


def assignment(text: str) -> tuple[str, Any]:
    """Name and value of ``--set``: the value is JSON where it reads as JSON, else text."""
    name, equals, value = text.partition("=")
    if not equals or not all(part.isidentifier() for part in name.split(".")):
        raise BadArgument(f"--set takes NAME=VALUE, not '{text}'")
    dedicated = {"observations": "--obs", "image_size": "--image-size"}
    dedicated["render_profile"] = "--render-profile"
    if name in dedicated:
        raise BadArgument(f"--set {name}: there is {dedicated[name]} for that")
    try:
        return name, json.loads(value, parse_constant=str)
    except ValueError:
        return name, value


def _check_observations(agent: str, wanted: tuple[str, ...] | None, given: str | None) -> None:
    """An agent that says what it must see is not to be blindfolded by an option."""
    lacking = [field for field in wanted or () if given is not None and field not in given]
    if lacking:
        raise BadArgument(
            f"--obs {given} leaves out '{lacking[0]}', which agent '{agent}' declares that it needs"
        )


def _limits(options: Mapping[str, Any]) -> Limits:
    limits = {kind: options[f"{kind}_timeout"] for kind in ("startup", "step", "episode")}
    for kind, seconds in limits.items():
        if not seconds > 0:
            raise BadArgument(f"--{kind}-timeout is {seconds}; it must be above 0")
    return Limits(**limits)


def _slots(options: Mapping[str, Any]) -> tuple[bool, int | None]:
    """Whether the number of slots is to be found, and else how many; None where nobody says."""
    given = options["slots"]
    if given == "auto":
        if options["engine"] != "local":
            raise BadArgument("--slots auto measures this machine; with --engine ray give a number")
        return True, None
    if given is not None and not given.isdecimal():
        raise BadArgument(f"--slots is '{given}'; it is a number of processes, or auto")
    if given is not None and not int(given):
        raise BadArgument("--slots must be at least 1")
    return False, None if given is None else int(given)


def _default_slots() -> int:
    from ..benchmarks.workers.pool import available_cores

    return available_cores()


def default_directory(benchmark: str, agent: str, seed: int) -> Path:
    """``runs/<benchmark>-<agent>-s<seed>``: the same command finds its run again."""
    name = re.sub(r"[^\w.-]+", "_", f"{benchmark}-{agent}").strip("_.")[:100]
    return Path("runs") / f"{name}-s{seed}"


def as_typed(command: tuple[str, ...]) -> str:
    """A recorded command line, ready to be pasted into a shell."""
    return shlex.join(command)
