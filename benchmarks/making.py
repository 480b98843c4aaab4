"""Makes a data set: a task's own solver plays with noise, and every step is written down."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gymnasium
import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, RunDirectoryError
from ..core.files import write_atomically
from ..core.registry import load_object
from ..core.specs import TaskSpec, canonical_json, derive_seed
from ..core.tier import Tier
from ..core.trajectory import Trajectory, digest_of_trajectories
from ..tasks import catalogue
from ..tasks.dataset.layout import DatasetWriter, describe_space

RECIPE = "recipe.json"


TIERS: Mapping[str, Tier] = MappingProxyType(
    {
        "expert": Tier(noise=0.02),
        "medium": Tier(noise=0.15),
        "noisy": Tier(noise=0.4),
        "random": Tier(random=1.0),
        "mixed": Tier(parts=("expert", "medium", "noisy", "random")),
    }
)
"""Our own; what a deviation does to a score differs from world to world."""


def tiers_of(spec: TaskSpec) -> Mapping[str, Tier]:
    """The tiers of a task by name: those of all tasks, and the ``TIERS`` beside its oracle."""
    if spec.oracle is None:
        return TIERS
    load_object(spec.oracle)  # says what is amiss where its module does not import
    module = importlib.import_module(spec.oracle.partition(":")[0])
    own: Mapping[str, Tier] = getattr(module, "TIERS", {})
    return {**TIERS, **own}


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What is made; the same recipe makes the same bytes.

    Attributes:
        task: its id.
        episodes: how many.
        tier: a name in ``tiers_of`` the task.
        noise: in place of the tier's, or None.
        seed: of starts and noise.
        references: episodes by which random play and the solver are measured.
        task_kwargs: arguments of the task.
    """

    task: str
    episodes: int
    tier: str = "expert"
    noise: float | None = None
    seed: int = 0
    references: int = 20
    task_kwargs: Mapping[str, Any] = {}

    def tier_of(self, number: int, tiers: Mapping[str, Tier] = TIERS) -> Tier:
        """The tier of an episode, of those that the task has."""
        tier = tiers[self.tier]
        if tier.parts:
            tier = tiers[tier.parts[number % len(tier.parts)]]
        return tier if self.noise is None else msgspec.structs.replace(tier, noise=self.noise)

    def needs_solver(self, tiers: Mapping[str, Tier]) -> bool:
        """Whether anything in it is played by the task's solver; its tier is one of ``tiers``."""
        parts = tiers[self.tier].parts or (self.tier,)
        return any(tiers[part].random < 1 for part in parts)


def make_dataset(
    recipe: Recipe,
    folder: Path,
    told: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Records a data set; the same call on the same folder goes on where it stood.

    Args:
        recipe: what is made.
        folder: made if need be.
        told: hears how many of the episodes are done.

    Raises:
        BadArgument: the task has no solver for such a recipe, no state or no vectors as actions,
            or the recipe asks for nothing.
        RunDirectoryError: the folder holds something else.
    """
    spec = catalogue.find(recipe.task)
    _check(recipe, spec)
    writer = DatasetWriter(folder)
    _settle_recipe(recipe, folder)
    player, tiers = Player(spec, recipe.task_kwargs), tiers_of(spec)
    total = recipe.episodes + _references(recipe, spec)
    try:
        # What the scale is measured by comes after the episodes, and stays out of the data.
        for number in range(total):
            if not writer.stands(number):
                writer.put(number, player.play(*_orders(recipe, tiers, number)))
            told(number + 1, total)
        metadata = _metadata(recipe, spec, player.env, writer)
    finally:
        player.close()
    writer.finish(recipe.episodes, metadata)


def _references(recipe: Recipe, spec: TaskSpec) -> int:
    """Episodes that measure the scale: random play's, then the solver's, where there is one."""
    return recipe.references * (1 if spec.oracle is None else 2)


def _orders(recipe: Recipe, tiers: Mapping[str, Tier], number: int) -> tuple[Tier, int]:
    """What is played as episode so-and-so, and from which seed."""
    if number < recipe.episodes:
        seed = derive_seed("data", recipe.seed, recipe.task, number)
        return recipe.tier_of(number, tiers), seed
    index = number - recipe.episodes
    tier = Tier(random=1.0) if index < recipe.references else Tier()
    return tier, derive_seed("reference", recipe.seed, recipe.task, index % recipe.references)


class Player:
    """A task with its solver, where it has one, which records what it plays.

    Args:
        spec: says whether there is a solver; without one, only random tiers can be played.
        task_kwargs: arguments of the environment.
    """

    def __init__(self, spec: TaskSpec, task_kwargs: Mapping[str, Any]) -> None:
        kwargs = {"observations": ("state",), **task_kwargs}
        self.env: gymnasium.Env[Any, Any] = catalogue.build(spec, **kwargs)
        if not isinstance(self.env.action_space, spaces.Box):
            raise BadArgument(f"{spec.id}: its actions are no vectors; learners take only these")
        self._space = self.env.action_space
        self._make_oracle: Callable[..., Any] | None = None
        if spec.oracle is not None:
            self._make_oracle = load_object(spec.oracle)
        self._oracles: dict[bytes, Any] = {}

    def play(self, tier: Tier, seed: int) -> Trajectory:
        """One episode from a seed."""
        dice = np.random.default_rng([seed, 1])  # Not the world's own: those see the bare seed.
        at_random = dice.random() < tier.random
        observation, info = self.env.reset(seed=seed)
        oracle = self._oracle_with(tier.solver)
        if oracle is not None:
            oracle.reset(observation, info)
        seen, actions, told = [observation], [], []
        over = False
        while not over:
            wanted = None if at_random or oracle is None else oracle.act(observation)
            action = self._blur(wanted, tier.noise, dice)
            observation, reward, terminated, truncated, info = self.env.step(action)
            seen.append(observation)
            actions.append(action)
            told.append((reward, terminated, truncated and not terminated, info.get("success")))
            over = terminated or truncated
        rewards, ends, cuts, wins = zip(*told, strict=True)
        fields = {name: np.stack([np.asarray(one[name]) for one in seen]) for name in seen[0]}
        return Trajectory(
            observations=fields,
            actions=np.stack(actions).astype(np.float32),
            rewards=np.asarray(rewards, np.float32),
            terminated=np.asarray(ends, bool),
            truncated=np.asarray(cuts, bool),
            success=None if None in wins else np.asarray(wins, bool),
            seed=seed,
        )

    def _oracle_with(self, arguments: Mapping[str, float]) -> Any:
        """The task's solver, made once for the same arguments; None where it has none."""
        if self._make_oracle is None:
            return None
        key = canonical_json(arguments)
        if key not in self._oracles:
            self._oracles[key] = self._make_oracle(self.env, **arguments)
        return self._oracles[key]

    def _blur(
        self, wanted: NDArray[Any] | None, noise: float, dice: np.random.Generator
    ) -> NDArray[np.float32]:
        low, high = self._space.low, self._space.high
        if wanted is None:
            return dice.uniform(low, high).astype(np.float32)
        shift = noise * (high - low) / 2 * dice.standard_normal(low.shape)
        return np.clip(np.asarray(wanted) + shift, low, high).astype(np.float32)

    def close(self) -> None:
        """Closes the world."""
        self.env.close()


def _check(recipe: Recipe, spec: TaskSpec) -> None:
    if recipe.episodes < 1 or recipe.references < 1:
        raise BadArgument("--episodes and --references must be at least 1")
    if recipe.noise is not None and not 0 <= recipe.noise <= 10:
        raise BadArgument(f"--noise is {recipe.noise}; it is a share of half the range, 0 to 10")
    if not recordable(spec):
        raise BadArgument(f"{spec.id} has no state or no continuous actions; nothing to record")
    tiers = tiers_of(spec)
    if recipe.tier not in tiers:
        raise BadArgument(
            f"{spec.id} has no tier '{recipe.tier}'; choose one of: {', '.join(tiers)}"
        )
    if spec.oracle is None and recipe.needs_solver(tiers):
        raise BadArgument(
            f"{spec.id} has no oracle that could be recorded; --tier random needs none, and "
            "--dataset of polyathlon train takes recordings of others"
        )


def recordable(spec: TaskSpec) -> bool:
    """Whether a task has a state, and vectors as actions."""
    return "state" in spec.observations and spec.embodiment.kind == "continuous"


def _settle_recipe(recipe: Recipe, folder: Path) -> None:
    """Refuses to go on with episodes of another recipe."""
    path = folder / RECIPE
    wanted = canonical_json(recipe) + b"\n"
    if path.exists():
        if path.read_bytes() != wanted:
            raise RunDirectoryError(
                f"{folder} holds episodes of another recipe ({RECIPE}); use another --out"
            )
        return
    write_atomically(path, wanted)


def _metadata(
    recipe: Recipe,
    spec: TaskSpec,
    env: gymnasium.Env[Any, Any],
    writer: DatasetWriter,
) -> dict[str, Any]:
    numbers = range(recipe.episodes)
    returns = [
        writer.get(recipe.episodes + index).total_reward
        for index in range(_references(recipe, spec))
    ]
    scale = {"ref_min_score": float(np.mean(returns[: recipe.references]))}
    if spec.oracle is not None:
        scale["ref_max_score"] = float(np.mean(returns[recipe.references :]))
    elif spec.score == "return":
        scale["ref_max_score"] = spec.ceiling
    scripted = recipe.needs_solver(tiers_of(spec))
    by = "its scripted solver" if scripted else "uniformly random actions"
    return {
        "dataset_id": f"polyathlon/{spec.id.rpartition('-v')[0]}/{recipe.tier}-v0",
        "observation_space": json.dumps(describe_space(env.observation_space)),
        "action_space": json.dumps(describe_space(env.action_space)),
        "description": f"{spec.id}, played by {by}, tier {recipe.tier}",
        "algorithm_name": f"scripted, {recipe.tier}" if scripted else recipe.tier,
        **scale,
        "num_episodes_average_score": recipe.references,
        "polyathlon": {
            "recipe": msgspec.to_builtins(recipe),
            "embodiment": msgspec.to_builtins(spec.embodiment),
            "content_sha256": digest_of_trajectories(writer.get(n) for n in numbers),
        },
    }
