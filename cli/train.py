"""``polyathlon train``: an agent from episodes, recorded or its own; goes on after a kill."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ..core.errors import BadArgument, RunDirectoryError
from ..core.journal import lock, unlock
from .trained import is_trained, record_of, require_torch, shown_to

if TYPE_CHECKING:
    from ..agents.chronicle import Outcome, Played
    from ..core.manifest import AgentRecord
    from ..core.protocols import Agent
    from .lesson import Lessons

EVALUATIONS, REFERENCES = "evaluations", "references"

MOST_SEEDS = 100
"""More trainings than anybody starts with one command."""


@click.command("train")
@click.argument("learner")
@click.argument("task")
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    help="The folder of a Minari data set, for those who learn from recorded episodes.",
)
@click.option("--steps", type=int, help="Steps, or updates, of the whole training.")
@click.option(
    "--protocol", default="lite", show_default=True, help="official, official-100, lite or smoke."
)
@click.option("--offline", type=int, help="Updates on the data alone [the protocol's].")
@click.option("--online", type=int, help="Updates while it practises [the protocol's].")
@click.option("--evaluate-every", type=int, help="Steps between evaluations [a tenth of all].")
@click.option("--episodes", type=int, help="Of an evaluation [20, and 50 at the end].")
@click.option("--obs", help="Fields that are learnt from, e.g. state,instruction [the task's].")
@click.option("--image-size", type=int, help="Side of the pictures [px; the task's own].")
@click.option(
    "--backend", default="gymnasium", show_default=True, help="Of the worlds: or envpool."
)
@click.option("--config", type=click.Path(path_type=Path), help="Hyper-parameters, JSON or TOML.")
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A hyper-parameter."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all but the episodes.")
@click.option("--seeds", type=int, help="So many trainings, from --seed on, in DIR/seed-N.")
@click.option("--slots", type=int, default=1, show_default=True, help="Workers that play.")
@click.option(
    "--threads", type=int, default=1, show_default=True, help="Of torch; it may move last bits."
)
@click.option("--tensorboard/--no-tensorboard", default=True, help="Log for TensorBoard.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The agent's folder.")
def train_command(learner: str, task: str, out: Path, **options: Any) -> int:
    """Train LEARNER for TASK, and play it at times.

    Offline learners (bc, iql, cql, ...) take recorded episodes, and may then practise in the task;
    ppo, sac and llarp learn by playing, gea from demonstrations of many tasks and then by playing.
    TASK of llarp and gea may be a pattern. The folder is then an agent: polyathlon eval TASK
    --agent DIR. The checkpoint that played best is in DIR/best, but of llarp and gea, which keep
    the last. The same command on the same folder goes on.
    """
    require_torch()
    import torch

    from ..agents.lm.many import leave, rank
    from .lesson import SharedLessons, open_course
    from .tensorboard_log import MISSING, is_installed

    _check(options)
    folders = _folders(out, options["seed"], options["seeds"])
    course = open_course(learner, task, options)
    torch.set_num_threads(options["threads"])
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        _check_shared(course)
    if options["tensorboard"] and not is_installed():
        click.echo(MISSING, err=True)
        options["tensorboard"] = False
    try:
        if isinstance(course, SharedLessons) and rank() > 0:
            for seed, folder in folders.items():
                course.follow(folder, seed)
            return 0
        outcomes = [_train(course, folder, seed, options) for seed, folder in folders.items()]
        _conclude(course, out, list(folders), outcomes, options)
    except KeyboardInterrupt:
        held = any(is_trained(str(folder)) for folder in folders.values())
        told = "holds a checkpoint; the same command goes on" if held else "holds nothing yet"
        click.echo(f"interrupted: {out} {told}", err=True)
        return 130
    finally:
        course.close()
        leave()
    first = next(iter(folders.values()))
    click.echo(f"agent    {first}")
    click.echo(f"next     polyathlon eval {course.pattern} --agent {first}")
    return 0


def _check(options: Mapping[str, Any]) -> None:
    for key, least in {"seeds": 1, "slots": 1, "threads": 1}.items():
        if options[key] is not None and options[key] < least:
            raise BadArgument(f"--{key} is {options[key]}; it must be at least {least}")
    if options["seed"] < 0 or (options["seeds"] or 1) > MOST_SEEDS:
        raise BadArgument(f"--seed must not be negative, nor --seeds above {MOST_SEEDS}")


def _check_shared(course: Lessons) -> None:
    """Refuses a learner that learns in one process where several were started.

    Raises:
        BadArgument: says so.
    """
    from .lesson import SharedLessons

    if not isinstance(course, SharedLessons):
        raise BadArgument(
            f"{os.environ['WORLD_SIZE']} processes were started; '{course.learner}' learns in one: "
            "start it without torchrun"
        )


def _folders(out: Path, seed: int, seeds: int | None) -> dict[int, Path]:
    """The folder of each seed's training: the given one, or one below it each.

    Raises:
        RunDirectoryError: a training stands where several are to lie.
    """
    from .training_folder import MANIFEST

    if seeds is None:
        return {seed: out}
    if (out / MANIFEST).exists():
        raise RunDirectoryError(f"{out} holds one training; give --out another for --seeds")
    return {number: out / f"seed-{number}" for number in range(seed, seed + seeds)}


def _train(course: Lessons, folder: Path, seed: int, options: Mapping[str, Any]) -> Outcome:
    """One training from where it stands to its end."""
    from .tensorboard_log import TensorBoardLog
    from .training_folder import claim
    from .training_table import Everybody, TrainingTable

    several = f", seed {seed}" if options["seeds"] else ""
    claim(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(unlock, lock(folder, "training"))
        title = f"{course.learner} on {course.pattern}{several}"
        table = stack.enter_context(TrainingTable(title, course.unit))
        watchers: list[Any] = [table]
        if options["tensorboard"]:
            watchers.append(stack.enter_context(TensorBoardLog(folder)))
        return course.run(
            folder,
            seed,
            lambda agent, step, count: _mean(
                _play(
                    record_of(agent), agent, course.pattern, count,
                    folder / EVALUATIONS / f"{step:07}", options,
                )
            ),
            Everybody(watchers),
        )  # fmt: skip


def _play(
    record: AgentRecord,
    agent: Agent | None,
    pattern: str,
    count: int,
    folder: Path,
    options: Mapping[str, Any],
) -> list[Played]:
    """Plays so many episodes through the evaluator; what came of each that is valid.

    Raises:
        BadArgument: none is valid.
    """
    from ..agents.chronicle import Played
    from ..benchmarks.evaluate import Settings, choose_benchmark, evaluate
    from ..core.journal import read_journal
    from ..leaderboard.result import write_result
    from ..leaderboard.summary import summarise
    from ..tasks import catalogue
    from .training_table import SilentWatcher

    kwargs = {
        "image_size": getattr(agent, "image_size", None),
        "observations": shown_to(agent, (one.id for one in catalogue.match(pattern))),
    }
    kwargs = {name: one for name, one in kwargs.items() if one}
    benchmark = choose_benchmark(pattern, count, task_kwargs=kwargs or None)
    settings = Settings(slots=options["slots"], command=("polyathlon", *sys.argv[1:]))
    folder.parent.mkdir(exist_ok=True)
    manifest = evaluate(benchmark, record, agent, folder, settings, SilentWatcher())
    played = sorted(read_journal(folder), key=lambda one: one.plan.key)
    write_result(folder, summarise(manifest, played))
    valid = [one for one in played if one.valid]
    if not valid:
        raise BadArgument(f"none of the episodes of {pattern} in {folder} is valid")
    return [  # A task without a scale: then the return tells.
        Played(one.total_reward if one.score is None else one.score, one.total_reward)
        for one in valid
    ]


def _mean(played: list[Played]) -> Played:
    from ..agents.chronicle import Played

    return Played(*(float(value) for value in np.mean(np.array(played, np.float64), 0)))


def _conclude(
    course: Lessons,
    out: Path,
    seeds: list[int],
    outcomes: list[Outcome],
    options: Mapping[str, Any],
) -> None:
    """Plays the references, and writes and prints the table."""
    from ..agents import AGENTS
    from ..benchmarks.agent_loading import ORACLE, load_agent
    from .training_summary import Row, learner_rows, row_of, write_summary

    spec, protocol, scale = course.spec, course.protocol, course.scale
    rows = learner_rows(course.learner, outcomes, protocol.has_parts, scale)
    for shown, name in (("random", "random"), ("scripted", ORACLE)):
        if name == ORACLE and (spec.oracle is None or not spec.oracle_solves):
            rows.append(Row(name=shown, over="episodes", note="no script solves it"))
            continue
        folder = out / REFERENCES / shown
        episodes = _play(
            *load_agent(name, AGENTS), course.pattern, protocol.final_episodes, folder, options
        )
        rows.append(row_of(shown, episodes, "episodes", scale))
    write_summary(out, course.learner, spec, protocol, seeds, rows, course.unit)
