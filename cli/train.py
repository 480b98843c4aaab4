"""``polyathlon train``: an agent from recorded episodes; the same command goes on after a kill."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import numpy as np

from ..core.errors import BadArgument, RunDirectoryError, UnknownName
from ..core.files import write_atomically
from ..core.manifest import describe_machine, installed_versions
from ..core.specs import TaskSpec, canonical_json
from .evaluate import assignment
from .trained import record_of, require_torch

if TYPE_CHECKING:
    from ..agents.offline.player import TrainedAgent
    from ..agents.offline.protocol import Protocol
    from ..tasks.dataset.layout import Dataset

MANIFEST = "training.json"
EVALUATIONS = "evaluations"


@click.command("train")
@click.argument("learner")
@click.argument("task")
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder of a Minari data set.",
)
@click.option("--protocol", default="lite", show_default=True, help="official, lite or smoke.")
@click.option("--steps", type=int, help="Updates [the protocol's].")
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A hyper-parameter."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all but the episodes.")
@click.option("--slots", type=int, default=1, show_default=True, help="Workers that play.")
@click.option(
    "--threads", type=int, default=1, show_default=True, help="Of torch; it may move last bits."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The agent's folder.")
def train_command(learner: str, task: str, dataset: Path, out: Path, **options: Any) -> int:
    """Train LEARNER for TASK on recorded episodes, and play the task from time to time.

    The folder is then an agent: polyathlon eval TASK --agent DIR. The checkpoint that played best
    is in DIR/best. The same command on the same folder goes on, to the same last bit.
    """
    require_torch()
    import torch

    from ..agents.offline import LEARNERS
    from ..tasks import catalogue
    from ..tasks.dataset.layout import Dataset
    from .training_table import TrainingTable

    if learner not in LEARNERS:
        raise UnknownName("learner", learner, LEARNERS, f" There are: {', '.join(LEARNERS)}")
    spec, source = catalogue.find(task), Dataset(dataset)
    protocol = _protocol(options)
    _check_body(spec, source)
    torch.set_num_threads(options["threads"])
    training = _prepare(learner, spec, source, protocol, out, options)
    try:
        with TrainingTable(f"{learner} on {spec.id}") as table:
            outcome = training.run(
                lambda agent, step, count: _play(
                    agent, spec, count, out / EVALUATIONS / f"{step:07}", options
                ),
                table,
            )
    except KeyboardInterrupt:
        click.echo(f"interrupted: {out} holds a checkpoint; the same command goes on", err=True)
        return 130
    click.echo(f"score    {outcome.last:.4f} at the end, {outcome.best:.4f} at best")
    click.echo(f"agent    {out}")
    click.echo(f"next     polyathlon eval {spec.id} --agent {out}")
    return 0


def _protocol(options: Mapping[str, Any]) -> Protocol:
    from ..agents.offline.protocol import PROTOCOLS

    name, steps = options["protocol"], options["steps"]
    if name not in PROTOCOLS:
        raise UnknownName("protocol", name, PROTOCOLS, f" There are: {', '.join(PROTOCOLS)}")
    for key in ("steps", "slots", "threads"):
        if options[key] is not None and options[key] < 1:
            raise BadArgument(f"--{key} is {options[key]}; it must be at least 1")
    chosen = PROTOCOLS[name]
    return chosen if steps is None else msgspec.structs.replace(chosen, steps=steps)


def _check_body(spec: TaskSpec, dataset: Dataset) -> None:
    """Refuses data of another body than the task's, as far as the data say."""
    from ..core.specs import Embodiment, check_handshake

    own = dataset.metadata.get("polyathlon", {})
    if "embodiment" in own:
        check_handshake(msgspec.convert(own["embodiment"], Embodiment), spec.embodiment, spec.id)
    body = spec.embodiment
    if body.kind != "continuous" or not body.low:
        raise BadArgument(f"{spec.id} has no continuous actions with bounds; learners need them")
    theirs = (dataset.low, dataset.high)
    if not all(
        mine.shape == other.shape and np.allclose(mine, other)
        for mine, other in zip((np.array(body.low), np.array(body.high)), theirs, strict=True)
    ):
        raise BadArgument(
            f"{dataset.folder} has {len(theirs[0])} numbers to an action, from {theirs[0].min():g} "
            f"to {theirs[1].max():g}; {spec.id} takes {len(body.low)}, from {min(body.low):g} to "
            f"{max(body.high):g}: it is of another body"
        )


def _prepare(
    learner: str,
    spec: TaskSpec,
    dataset: Dataset,
    protocol: Protocol,
    out: Path,
    options: Mapping[str, Any],
) -> Any:
    """Reads the data, writes the manifest, and makes or resumes the training."""
    from ..agents.offline import LEARNERS
    from ..agents.offline.checkpoint import Identity, make_learner
    from ..agents.offline.learner import configured
    from ..agents.offline.training import Training
    from ..agents.offline.transition import Transitions, fit_frame
    from ..core.trajectory import digest_of_trajectories

    config = configured(LEARNERS[learner].kind, dict(map(assignment, options["assignments"])))
    episodes = list(dataset.trajectories(states_only=True))
    if not episodes:
        raise BadArgument(f"{dataset.folder} has no episode")
    identity = Identity(
        learner=learner,
        config=msgspec.to_builtins(config),
        embodiment=spec.embodiment,
        observation_size=episodes[0].observations["state"].shape[1],
        steps=protocol.steps,
        seed=options["seed"],
        dataset=digest_of_trajectories(episodes),
    )
    frame = fit_frame(episodes, dataset.low, dataset.high, config.normalise)
    chosen = make_learner(identity).choose(episodes)
    data = Transitions(chosen, frame, config.discount, config.reward_scale, config.reward_shift)
    _write_manifest(out, identity, protocol, spec, dataset.folder)
    return Training(out, identity, protocol, data, frame)


def _write_manifest(
    out: Path, identity: Any, protocol: Protocol, spec: TaskSpec, dataset: Path
) -> None:
    """Writes what is trained beside the checkpoint, once."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot use {out}: {error.strerror}") from error
    path = out / MANIFEST
    if path.exists():
        return
    if any(out.iterdir()):
        raise RunDirectoryError(f"{out} is not empty and holds no training; give --out another")
    document = {
        "format": 1,
        "identity": identity,
        "protocol": protocol,
        "task": spec,
        "dataset": str(dataset),
        "packages": installed_versions(),
        "machine": describe_machine(),
        "command": ["polyathlon", *sys.argv[1:]],
    }
    write_atomically(path, msgspec.json.format(canonical_json(document), indent=1) + b"\n")


def _play(
    agent: TrainedAgent, spec: TaskSpec, count: int, folder: Path, options: Mapping[str, Any]
) -> float:
    """Plays so many episodes through the evaluator; the score that a report would show."""
    from ..benchmarks.evaluate import Settings, choose_benchmark, evaluate
    from ..core.journal import read_journal
    from ..leaderboard.result import write_result
    from ..leaderboard.summary import summarise
    from .training_table import SilentWatcher

    benchmark = choose_benchmark(spec.id, count)
    settings = Settings(slots=options["slots"], command=("polyathlon", *sys.argv[1:]))
    folder.parent.mkdir(exist_ok=True)
    manifest = evaluate(benchmark, record_of(agent), agent, folder, settings, SilentWatcher())
    played = read_journal(folder)
    result = summarise(manifest, played)
    write_result(folder, result)
    if not result.overall.n_valid:
        raise BadArgument(f"none of the episodes of {spec.id} in {folder} is valid")
    if result.overall.score.value is None:  # A task without a scale: then the return tells.
        return float(np.mean([one.total_reward for one in played if one.valid]))
    return result.overall.score.value
