"""A learner's own play: one step of its world an update, finished episodes among the data.

What an episode needs to go on after a kill is its seed and the actions so far: the world is made
anew and taken the same way again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import BadArgument, RunDirectoryError
from ...core.files import write_atomically
from ...core.specs import derive_seed
from ...core.trajectory import Trajectory
from .learner import Learner
from .past import Past
from .transition import Frame, Transitions

FOLDER = "online"
"""Below a training's folder: the episodes that it played to learn from."""

ARRAYS = ("states", "actions", "rewards", "terminated")
"""Of an episode: `[T + 1, D]`, `[T, A]`, `[T]`, and whether the world ended, one number."""


class World(Protocol):
    """What is asked of an environment; Gymnasium's have it."""

    def reset(self, *, seed: int) -> tuple[Any, Any]:
        """Begins an episode: its first observation, a mapping with ``state``."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, Any]:
        """Does an action: observation, reward, terminated, truncated, further."""


class Standing(NamedTuple):
    """All that a checkpoint must hold of it.

    Attributes:
        episodes: finished.
        files: where these lie, in order.
        arrays: the unfinished episode, and the dice.
    """

    episodes: int
    files: tuple[str, ...]
    arrays: Mapping[str, torch.Tensor]


class Practice:
    """One learner in one world.

    Args:
        folder: the training's.
        world: is reset with seeds of its own; nothing is assumed of what it did before.
        learner: plays, with exploration.
        frame: the scales of its numbers.
        data: to which finished episodes are added.
        seed: of episodes and exploration.
    """

    def __init__(
        self,
        folder: Path,
        world: World,
        learner: Learner,
        frame: Frame,
        data: Transitions,
        seed: int,
    ) -> None:
        self._folder, self._world = folder / FOLDER, world
        self._learner, self._frame, self._data, self._seed = learner, frame, data, seed
        self._dice = torch.Generator().manual_seed(derive_seed("exploration", seed))
        self._episodes = 0
        self._files: tuple[str, ...] = ()
        self._fresh: list[Trajectory] = []
        self._clear()

    def _clear(self) -> None:
        self._states: list[NDArray[np.float32]] = []
        self._actions: list[NDArray[np.float32]] = []
        self._rewards: list[float] = []
        self._past = Past()

    def step(self) -> float | None:
        """One step of the world; the episode's total reward, if that was its last."""
        if not self._states:
            self._begin()
        self._learner.train(False)
        unit = self._learner.explore(self._past, self._dice)
        self._learner.train(True)
        action = self._frame.stretch(unit.numpy())
        terminated, truncated = self._do(action)
        if not (terminated or truncated):
            return None
        steps = len(self._actions)
        ends = np.arange(steps) == steps - 1
        finished = Trajectory(
            {"state": np.stack(self._states)},
            np.stack(self._actions),
            np.asarray(self._rewards, np.float32),
            ends & terminated,
            ends & (not terminated),
        )
        self._data.append(finished)
        self._fresh.append(finished)
        self._episodes += 1
        self._clear()
        return finished.total_reward

    def _begin(self) -> None:
        seed = derive_seed("online", self._seed, self._episodes)
        self._see(self._world.reset(seed=seed)[0])

    def _see(self, observation: Any) -> None:
        state = np.asarray(observation["state"], np.float32).ravel()
        self._states.append(state)
        self._past.see(torch.from_numpy(self._frame.observe(state)[None]))

    def _do(self, action: NDArray[np.float32]) -> tuple[bool, bool]:
        observation, reward, terminated, truncated, _ = self._world.step(action)
        if not np.isfinite(reward):
            raise BadArgument(
                f"step {len(self._actions)} of practice episode {self._episodes}: the task gave "
                f"the reward {reward}"
            )
        self._actions.append(action)
        self._rewards.append(float(reward))
        self._past.did(torch.from_numpy(self._frame.shrink(action)[None]))
        self._past.earned(float(reward))
        self._see(observation)
        return bool(terminated), bool(truncated)

    def stand(self) -> Standing:
        """Writes what has been finished since the last call; what a checkpoint is to hold."""
        if self._fresh:
            self._files += (self._write(self._fresh),)
            self._fresh = []
        size, width = self._learner.observation_size, self._learner.action_size
        arrays = {
            "states": _stacked(self._states, size),
            "actions": _stacked(self._actions, width),
            "rewards": torch.tensor(self._rewards, dtype=torch.float64),
            "dice": self._dice.get_state(),
        }
        return Standing(self._episodes, self._files, arrays)

    def resume(self, standing: Standing) -> str:
        """Takes up where a checkpoint stands.

        Returns:
            What is worth knowing: that the world did not repeat itself; else nothing.

        Raises:
            BadArgument: a file of finished episodes is missing or damaged.
        """
        self._files = standing.files
        for name in standing.files:
            for one in self._read(name):
                self._data.append(one)
                self._episodes += 1
        if self._episodes != standing.episodes:
            raise BadArgument(f"{self._folder} holds {self._episodes} of {standing.episodes} "
                              "episodes; copy it anew")  # fmt: skip
        for path in self._folder.glob("episodes-*.safetensors"):
            if path.name not in standing.files:  # Of after the checkpoint: it is played again.
                path.unlink()
        self._dice.set_state(standing.arrays["dice"])
        return self._repeat(standing) if len(standing.arrays["states"]) else ""

    def _repeat(self, standing: Standing) -> str:
        """Takes the unfinished episode to where it was."""
        self._begin()
        for action in standing.arrays["actions"].numpy():
            self._do(action)
        states, rewards = (standing.arrays[name].numpy() for name in ("states", "rewards"))
        if np.array_equal(np.stack(self._states), states) and self._rewards == rewards.tolist():
            return ""
        self._clear()
        return (
            f"the world did not repeat itself: practice episode {self._episodes} begins anew, and "
            "what is learnt may differ from a training that was not interrupted"
        )

    def _write(self, episodes: list[Trajectory]) -> str:
        from safetensors.numpy import save

        arrays = {}
        for number, one in enumerate(episodes):
            ended = np.asarray(one.terminated[-1:], np.uint8)
            values = (one.observations["state"], one.actions, one.rewards, ended)
            for name, value in zip(ARRAYS, values, strict=True):
                arrays[f"{number:06}/{name}"] = np.ascontiguousarray(value)
        packed = save(arrays)
        name = f"episodes-{hashlib.sha256(packed).hexdigest()[:16]}.safetensors"
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"cannot make {self._folder}: {error.strerror}") from error
        write_atomically(self._folder / name, packed)
        return name

    def _read(self, name: str) -> list[Trajectory]:
        from safetensors.numpy import load

        path = self._folder / name
        try:
            packed = path.read_bytes()
        except OSError as error:
            raise BadArgument(f"cannot read {path}: {error.strerror}; copy it anew") from error
        if hashlib.sha256(packed).hexdigest()[:16] not in name:
            raise BadArgument(f"{path} is damaged: its hash is not the one in its name")
        found = load(packed)
        episodes = []
        for number in sorted({key.partition("/")[0] for key in found}):
            states, actions, rewards, ended = (found[f"{number}/{part}"] for part in ARRAYS)
            ends = np.arange(len(actions)) == len(actions) - 1
            ends_world = ends & bool(ended[0])
            episodes.append(
                Trajectory({"state": states}, actions, rewards, ends_world, ends & ~ends_world)
            )
        return episodes


def _stacked(rows: list[NDArray[np.float32]], width: int) -> torch.Tensor:
    return torch.from_numpy(np.stack(rows) if rows else np.empty((0, width), np.float32))
