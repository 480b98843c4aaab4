"""PPO and SAC in worlds of a task."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from gymnasium import spaces

from ..agents.chronicle import Evaluate, Outcome, Watcher
from ..core.errors import BadArgument, MissingExtra
from ..core.spaces import space_to_data
from ..core.worlds import Worlds
from ..tasks.fleet import differences, make_worlds
from .lesson import Request
from .training_folder import write_manifest

EXAMPLES = 8
"""Starts of episodes that are looked at to tell whether a state is symbols."""


class OnlineCourse:
    """One learner and one task.

    Args:
        request: what is asked for.

    Raises:
        BadArgument: the learner does not fit the body, or a hyper-parameter makes no sense.
        MissingExtra: Stable-Baselines3 is not installed.
    """

    def __init__(self, request: Request) -> None:
        if importlib.util.find_spec("stable_baselines3") is None:
            raise MissingExtra(request.learner, "online", "stable-baselines3")
        from ..agents.online.setting import settle
        from ..agents.perception import senses_of

        spec, options = request.spec, request.options
        self.learner, self.spec, self.protocol = request.learner, spec, request.schedule
        self.pattern, self.unit, self.scale = spec.id, "steps", None
        self._backend = options["backend"]
        if options["dataset"] is not None:
            raise BadArgument(f"'{self.learner}' learns by playing; leave --dataset out")
        request.refuse_parts()
        _demand_fit(self.learner, spec)
        self._config = settle(self.learner, spec.embodiment, request.changes)
        self._fields = self._config.observations or usual_fields(spec.default_observations)
        self._differences = differences(spec, self._backend)
        one = self._worlds(1, seed=0)
        try:
            starts = [one.reset() for _ in range(EXAMPLES)]
            rows = [{"state": seen["state"][0]} for seen in starts if "state" in seen]
            self._senses = senses_of(one.observation_space, self._fields, rows)
            self._action_space = space_to_data(one.action_space)
            _demand_bounds(spec.id, one.action_space)
        finally:
            one.close()

    def _worlds(self, count: int, seed: int) -> Worlds:
        kwargs: dict[str, Any] = {"observations": tuple(self._fields)}
        if self._config.image_size:
            kwargs["image_size"] = self._config.image_size
        return make_worlds(self.spec, count, seed, kwargs, self._backend)

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end."""
        from ..agents.checkpoint import Identity
        from ..agents.chronicle import Chronicle
        from ..agents.online.setting import plain
        from ..agents.online.training import OnlineTraining

        identity = Identity(
            agent=self.learner,
            config=plain(self._config),
            task=self.spec.id,
            embodiment=self.spec.embodiment,
            action_space=self._action_space,
            senses=self._senses,
            steps=self.protocol.steps,
            seed=seed,
            backend=self._backend,
            differences=self._differences,
        )
        write_manifest(folder, identity=identity, protocol=self.protocol, task=self.spec)
        chronicle = Chronicle(folder, self.protocol, evaluate, watcher)
        training = OnlineTraining(
            folder, identity, lambda one: self._worlds(self._config.worlds, one),
            self._config.device,
        )  # fmt: skip
        try:
            training.run(chronicle)
        finally:
            training.close()
        return chronicle.outcome()

    def close(self) -> None:
        """Nothing is open."""


def usual_fields(shown: tuple[str, ...]) -> tuple[str, ...]:
    """What is learnt from where nobody says: the state, else pictures, and the instruction."""
    seen = "state" if "state" in shown else "rgb"
    return (seen, "instruction") if "instruction" in shown else (seen,)


def _demand_fit(learner: str, spec: Any) -> None:
    kind = spec.embodiment.kind
    if kind == "text" or (learner == "sac" and kind != "continuous"):
        takes = "vectors" if learner == "sac" else "vectors, or places in a list"
        other = ": use ppo" if learner == "sac" and kind == "discrete" else ""
        raise BadArgument(
            f"{learner} takes actions that are {takes}; those of {spec.id} are {kind}{other}"
        )


def _demand_bounds(task: str, space: spaces.Space[Any]) -> None:
    if isinstance(space, spaces.Box) and not space.is_bounded():
        raise BadArgument(f"the actions of {task} have no bounds; learners need both ends")
