"""What the trainings of one command have in common: data, task, learner, protocol; a seed each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import numpy as np

from ..agents.chronicle import Evaluate, Outcome, Watcher
from ..agents.offline import LEARNERS
from ..agents.offline.checkpoint import Identity, make_learner
from ..agents.offline.learner import Config, configured
from ..agents.offline.protocol import Protocol
from ..agents.offline.training import Training
from ..agents.offline.transition import Transitions, fit_frame
from ..core.errors import BadArgument
from ..core.specs import TaskSpec
from ..core.trajectory import Trajectory, digest_of_trajectories
from ..tasks import catalogue
from ..tasks.dataset.layout import Dataset
from .training_folder import write_manifest
from .training_summary import scale_of

UNIT = "updates"
"""What the steps of an offline learner are."""


class Course:
    """One learner, one task and one data set, read and held against each other.

    Args:
        learner: the algorithm's name.
        changes: hyper-parameters in place of its own.
        spec: the task.
        dataset: what is learnt from.
        protocol: how long and how often.

    Raises:
        BadArgument: the data are unsound, or of another body or task; a hyper-parameter is not
            the learner's.
        EmbodimentMismatch: the data say that they are of another body.
    """

    def __init__(
        self,
        learner: str,
        changes: Mapping[str, Any],
        spec: TaskSpec,
        dataset: Dataset,
        protocol: Protocol,
    ) -> None:
        self.learner, self.spec, self.dataset, self.protocol = learner, spec, dataset, protocol
        self.pattern, self.unit = spec.id, UNIT
        self.config: Config = configured(LEARNERS[learner].kind, changes)
        check_body(spec, dataset)
        self.world = make_world(spec)
        space = self.world.observation_space["state"]  # type: ignore[index]
        self._size = int(np.prod(space.shape))
        self._episodes = read_episodes(dataset, self._size, spec.id)
        self._digest = digest_of_trajectories(self._episodes)
        self._frame = fit_frame(self._episodes, dataset.low, dataset.high, self.config.normalise)

    def identity(self, seed: int) -> Identity:
        """Which training that of a seed is."""
        return Identity(
            learner=self.learner,
            config=msgspec.to_builtins(self.config),
            embodiment=self.spec.embodiment,
            observation_size=self._size,
            steps=self.protocol.steps,
            offline=self.protocol.offline,
            seed=seed,
            dataset=self._digest,
            task=self.spec.id,
        )

    def training(self, out: Path, seed: int) -> Training:
        """Makes or resumes the training of a seed in a folder that it has claimed.

        Raises:
            PlanMismatch: the folder holds another training.
            BadArgument: what it holds is damaged.
        """
        identity, config = self.identity(seed), self.config
        chosen = make_learner(identity).choose(self._episodes)
        data = Transitions(
            chosen, self._frame, config.discount, config.reward_scale, config.reward_shift
        )
        write_manifest(
            out,
            identity=identity,
            protocol=self.protocol,
            task=self.spec,
            dataset=str(self.dataset.folder),
        )
        return Training(out, identity, self.protocol, data, self._frame, self.world)

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end."""
        return self.training(folder, seed).run(evaluate, watcher)

    @property
    def scale(self) -> tuple[float, float] | None:
        """The returns of random play and of the solver, if the data say."""
        return scale_of(self.dataset.metadata)

    def close(self) -> None:
        """Closes the world."""
        self.world.close()


def check_body(spec: TaskSpec, dataset: Dataset) -> None:
    """Refuses data of another body than the task's, as far as the data say.

    Raises:
        EmbodimentMismatch: they name another.
        BadArgument: their actions have other bounds, or the task has none.
    """
    dataset.demand_body(spec)
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


def read_episodes(dataset: Dataset, size: int, task: str) -> Sequence[Trajectory]:
    """The episodes of a data set, each with states and actions of the task's sizes.

    Args:
        dataset: on disk.
        size: numbers in a state.
        task: for the message.

    Raises:
        BadArgument: there is none, or one is unsound or of other sizes; names it.
    """
    episodes, width = [], len(dataset.low)
    for number, one in enumerate(dataset.trajectories(states_only=True)):
        shape = one.observations["state"].shape[1:]
        if shape != (size,):
            raise BadArgument(
                f"{dataset.folder} episode {number}: its states have the shape {list(shape)}; "
                f"{task} shows {size} numbers: it is of another task"
            )
        if one.actions.shape[1] != width:
            raise BadArgument(
                f"{dataset.folder} episode {number}: its actions have {one.actions.shape[1]} "
                f"numbers; the data set says that they have {width}"
            )
        episodes.append(one)
    if not episodes:
        raise BadArgument(f"{dataset.folder} has no episode")
    return episodes


class NumberedEpisodes(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Takes an episode of the task's list, by the seed, where it has a list."""

    def __init__(self, env: gymnasium.Env[Any, Any], count: int) -> None:
        super().__init__(env)
        self._count = count

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, Any]:
        """Begins the episode of that number."""
        numbered = None if seed is None else {"episode": seed % self._count}
        return self.env.reset(seed=seed, options=options or numbered)


def make_world(spec: TaskSpec) -> gymnasium.Env[Any, Any]:
    """The task in this process, where the learner practises.

    Raises:
        BadArgument: it does not show its state.
        MissingExtra: its packages are not installed.
    """
    if "state" not in spec.observations:
        raise BadArgument(f"{spec.id} does not show its state; learners learn from nothing else")
    env = catalogue.build(spec, observations=("state",))
    return NumberedEpisodes(env, spec.numbered_episodes) if spec.numbered_episodes else env
