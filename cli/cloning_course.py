"""Cloning of demonstrations that the offline learners cannot read: pictures, places in a list."""

from __future__ import annotations

from pathlib import Path

import msgspec
from gymnasium import spaces

from ..agents.checkpoint import Identity
from ..agents.chronicle import Chronicle, Evaluate, Outcome, Watcher
from ..agents.cloning.demonstration import Demonstrations
from ..agents.cloning.setting import CloningConfig
from ..agents.cloning.training import CloningTraining
from ..agents.offline.learner import configured
from ..core.spaces import space_to_data
from ..core.trajectory import digest_of_trajectories
from ..tasks import catalogue
from ..tasks.dataset.layout import Dataset
from .lesson import Request
from .training_folder import write_manifest
from .training_summary import scale_of


class CloningCourse:
    """One task and its demonstrations.

    Args:
        request: what is asked for.
        dataset: checked.

    Raises:
        BadArgument: a hyper-parameter that there is not, or data that cannot be learnt from.
    """

    def __init__(self, request: Request, dataset: Dataset) -> None:
        self.learner, self.spec, self.protocol = request.learner, request.spec, request.schedule
        self.pattern, self.unit, self._dataset = self.spec.id, "updates", dataset
        request.refuse_parts()
        self._config = configured(CloningConfig, request.changes)
        env = catalogue.build(self.spec)
        assert isinstance(env.observation_space, spaces.Dict)
        observed, done = env.observation_space, env.action_space
        env.close()
        episodes = list(dataset.trajectories())
        self._digest = digest_of_trajectories(episodes)
        fields = self._config.observations
        self._data = Demonstrations(episodes, observed, done, fields)
        self._action_space = space_to_data(done)

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end."""
        identity = Identity(
            agent=self.learner,
            config=msgspec.to_builtins(self._config),
            task=self.spec.id,
            embodiment=self.spec.embodiment,
            action_space=self._action_space,
            senses=self._data.senses,
            steps=self.protocol.steps,
            seed=seed,
            dataset=self._digest,
        )
        place = str(self._dataset.folder)
        write_manifest(
            folder, identity=identity, protocol=self.protocol, task=self.spec, dataset=place
        )
        chronicle = Chronicle(folder, self.protocol, evaluate, watcher)
        CloningTraining(folder, identity, self._data).run(chronicle)
        return chronicle.outcome()

    @property
    def scale(self) -> tuple[float, float] | None:
        """The returns of random play and of the solver, if the data say."""
        return scale_of(self._dataset.metadata)

    def close(self) -> None:
        """Nothing is open."""
