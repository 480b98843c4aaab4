"""Makes a data set: a task's own solver plays, with or without noise; every step is written down.

Episodes are played by the evaluator's own workers, as many at once as there are slots. Which
episodes make the data set depends on their numbers alone, never on who was faster.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from gymnasium import spaces

from ..core.episode import EpisodePlan
from ..core.errors import BadArgument, RunDirectoryError
from ..core.files import sweep, write_atomically
from ..core.journal import Entry
from ..core.registry import load_object
from ..core.specs import TaskSpec, canonical_json, derive_seed
from ..core.tier import Tier
from ..core.trajectory import digest_of_trajectories
from ..tasks import catalogue
from ..tasks.dataset.layout import METADATA, PARTS, DatasetWriter, describe_space
from .runner import Runner
from .workers.message import Recording
from .workers.pool import Pool
from .workers.slot import Limits

RECIPE = "recipe.json"

DEMONSTRATION = "demonstration"
"""The tier of the solver as it is, of whose episodes those that succeed are kept."""

REFERENCES = 1_000_000
"""What the scale is measured by has numbers from here on, and stays out of the data."""

MOST_TRIES = 4
"""Episodes that are played for each that is to succeed, before the solver is given up."""

FEW = 20
"""Further ones, lest a handful of failures end a small data set."""

ATTEMPTS = 3
"""Starts of an episode whose world breaks, as in an evaluation."""


TIERS: Mapping[str, Tier] = MappingProxyType(
    {
        "demonstration": Tier(successes=True),
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
        references: episodes by which random play and the solver are measured; 0 for no scale.
        task_kwargs: arguments of the task.
        observations: the fields that are kept; none for ``state`` where the task has one, else for
            what it shows by default. The instruction is kept in any case.
        keep_failures: keep them where the tier would not.
    """

    task: str
    episodes: int
    tier: str = "expert"
    noise: float | None = None
    seed: int = 0
    references: int = 20
    task_kwargs: Mapping[str, Any] = {}
    observations: tuple[str, ...] = ()
    keep_failures: bool = False

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
    slots: int = 1,
) -> None:
    """Records a data set; the same call on the same folder goes on where it stood.

    Args:
        recipe: what is made.
        folder: made if need be.
        told: hears how many of how many episodes are on the disk.
        slots: worker processes.

    Raises:
        BadArgument: the task has no solver for such a recipe, or one that hardly ever succeeds,
            or the recipe asks for nothing.
        RunDirectoryError: the folder holds something else, or a world broke again and again.
    """
    spec = catalogue.find(recipe.task)
    _check(recipe, spec)
    writer = DatasetWriter(folder)
    _settle_recipe(recipe, folder)
    sweep(folder / PARTS)
    with Pool(slots, Limits()) as pool:
        studio = _Studio(recipe, spec, writer, pool, told)
        chosen = studio.choose()
        studio.play(_reference_numbers(recipe, spec))
    writer.finish(chosen, _metadata(recipe, spec, writer, chosen))


def _reference_numbers(recipe: Recipe, spec: TaskSpec) -> range:
    """Of random play's episodes, then of the solver's, where there is one."""
    count = recipe.references * (1 if spec.oracle is None else 2)
    return range(REFERENCES, REFERENCES + count)


class _Studio:
    """Where the episodes of one data set are played.

    Args:
        recipe: what is made.
        spec: the task.
        writer: says what is on the disk already.
        pool: the slots.
        told: hears how far it is.
    """

    def __init__(
        self,
        recipe: Recipe,
        spec: TaskSpec,
        writer: DatasetWriter,
        pool: Pool,
        told: Callable[[int, int], None],
    ) -> None:
        self._recipe, self._spec, self._writer, self._pool = recipe, spec, writer, pool
        self._told, self._tiers = told, tiers_of(spec)
        self._total = recipe.episodes + len(_reference_numbers(recipe, spec))
        self._done = 0

    def choose(self) -> list[int]:
        """Plays until there are enough episodes; the numbers of those that are kept."""
        recipe, spec = self._recipe, self._spec
        kept: list[int] = []
        tried, most = 0, MOST_TRIES * recipe.episodes + FEW
        while len(kept) < recipe.episodes:
            count = recipe.episodes - len(kept)
            if tried + count > most or (spec.numbered_episodes or most) < tried + count:
                raise BadArgument(
                    f"{spec.id}: of {tried} episodes {len(kept)} succeeded, and {recipe.episodes} "
                    "are asked for; --keep-failures takes all, --episodes asks for fewer"
                )
            wave = range(tried, tried + count)
            self.play(wave)
            kept += [number for number in wave if self._is_wanted(number)]
            tried = wave.stop
        return kept

    def _is_wanted(self, number: int) -> bool:
        tier = self._recipe.tier_of(number, self._tiers)
        if self._recipe.keep_failures or not tier.successes:
            return True
        steps = self._writer.success(number)
        assert steps is not None
        return bool(steps.any() if self._spec.success_rule == "once" else steps[-1])

    def play(self, numbers: Sequence[int]) -> None:
        """Plays what is not on the disk yet.

        Raises:
            RunDirectoryError: a world broke again and again.
        """
        missing = [number for number in numbers if not self._writer.stands(number)]
        self._done += len(numbers) - len(missing)
        self._total = max(self._total, self._done + len(missing))
        if self._done:
            self._told(self._done, self._total)
        plans = {number: self._plan(number) for number in missing}
        names = {plan.key: number for number, plan in plans.items()}
        lost: list[str] = []

        def heard(entry: Entry) -> None:
            result = entry.result
            if not result.valid:
                fault = result.faults[-1]
                lost.append(f"{result.plan.task} #{result.plan.index}: {fault.message:.200}")
                return
            self._done += 1
            self._told(self._done, self._total)

        Runner(
            self._pool,
            None,
            {self._spec.id: self._spec},
            {self._spec.id: kwargs_of(self._recipe, self._spec)},
            ATTEMPTS,
            finished=heard,
            recording=lambda plan: self._recording(names[plan.key]),
        ).run(plans.values())
        if lost:
            raise RunDirectoryError(
                f"{len(lost)} episodes could not be played, e.g. {lost[0]}; the same command "
                "tries them again"
            )

    def _plan(self, number: int) -> EpisodePlan:
        """What is played under a number, and from which seed."""
        recipe, count = self._recipe, self._spec.numbered_episodes
        words = ("data", number)
        if number >= REFERENCES:
            words = ("reference", (number - REFERENCES) % recipe.references)
        seed = derive_seed(words[0], recipe.seed, recipe.task, words[1])
        # Where episodes are a list, another seed begins elsewhere in it.
        first = derive_seed("first", recipe.seed, recipe.task)
        index = (first + number) % count if count else number
        return EpisodePlan(task=recipe.task, index=index, seed=seed)

    def _recording(self, number: int) -> Recording:
        if number < REFERENCES:
            tier = self._recipe.tier_of(number, self._tiers)
        else:
            tier = Tier(random=float(number - REFERENCES < self._recipe.references))
        return Recording(path=str(self._writer.part(number).absolute()), tier=tier)


def kwargs_of(recipe: Recipe, spec: TaskSpec) -> dict[str, Any]:
    """The arguments of the environment that is recorded."""
    usual = ("state",) if "state" in spec.observations else spec.default_observations
    fields = [*(recipe.observations or usual), "instruction"]
    wanted = tuple(field for field in spec.observations if field in fields)
    return {"observations": wanted, **recipe.task_kwargs}


def _check(recipe: Recipe, spec: TaskSpec) -> None:
    tiers = tiers_of(spec)
    if recipe.tier not in tiers:
        raise BadArgument(
            f"{spec.id} has no tier '{recipe.tier}'; choose one of: {', '.join(tiers)}"
        )
    least = 0 if tiers[recipe.tier].successes else 1
    if recipe.episodes < 1 or recipe.references < least:
        raise BadArgument("--episodes and --references must be at least 1")
    if MOST_TRIES * recipe.episodes + FEW > REFERENCES:
        raise BadArgument(f"--episodes is {recipe.episodes}; a data set holds fewer")
    if recipe.noise is not None and not 0 <= recipe.noise <= 10:
        raise BadArgument(f"--noise is {recipe.noise}; it is a share of half the range, 0 to 10")
    unknown = [field for field in recipe.observations if field not in spec.observations]
    if unknown:
        raise BadArgument(
            f"{spec.id} shows {', '.join(spec.observations)}; --obs names '{unknown[0]}'"
        )
    if spec.oracle is None and recipe.needs_solver(tiers):
        raise BadArgument(
            f"{spec.id} has no oracle that could be recorded; --tier random needs none, and "
            "--dataset of polyathlon train takes recordings of others"
        )


def recordable(spec: TaskSpec) -> bool:
    """Whether a task has a solver that could be recorded, or vectors for random play."""
    continuous = "state" in spec.observations and spec.embodiment.kind == "continuous"
    return continuous or (spec.oracle is not None and spec.oracle_solves)


def is_made(recipe: Recipe, folder: Path) -> bool:
    """Whether a folder holds the whole data set of that recipe."""
    path = folder / RECIPE
    whole = (folder / "data" / METADATA).is_file() and path.is_file()
    return whole and path.read_bytes() == _line_of(recipe)


def _line_of(recipe: Recipe) -> bytes:
    return canonical_json(recipe) + b"\n"


def _settle_recipe(recipe: Recipe, folder: Path) -> None:
    """Refuses to go on with episodes of another recipe."""
    path = folder / RECIPE
    wanted = _line_of(recipe)
    if path.exists():
        if path.read_bytes() != wanted:
            raise RunDirectoryError(
                f"{folder} holds episodes of another recipe ({RECIPE}); use another --out"
            )
        return
    write_atomically(path, wanted)


def _metadata(
    recipe: Recipe, spec: TaskSpec, writer: DatasetWriter, chosen: Iterable[int]
) -> dict[str, Any]:
    returns = [writer.total_reward(number) for number in _reference_numbers(recipe, spec)]
    scale: dict[str, Any] = {}
    if returns:
        scale["ref_min_score"] = float(np.mean(returns[: recipe.references]))
        scale["num_episodes_average_score"] = recipe.references
    if returns and spec.oracle is not None:
        scale["ref_max_score"] = float(np.mean(returns[recipe.references :]))
    elif returns and spec.score == "return":
        scale["ref_max_score"] = spec.ceiling
    scripted = recipe.needs_solver(tiers_of(spec))
    by = "its scripted solver" if scripted else "uniformly random actions"
    observed, done = _spaces(recipe, spec)
    return {
        "dataset_id": f"polyathlon/{spec.id.rpartition('-v')[0]}/{recipe.tier}-v0",
        "observation_space": json.dumps(describe_space(observed)),
        "action_space": json.dumps(describe_space(done)),
        "description": f"{spec.id}, played by {by}, tier {recipe.tier}",
        "algorithm_name": f"scripted, {recipe.tier}" if scripted else recipe.tier,
        **scale,
        "polyathlon": {
            "recipe": msgspec.to_builtins(recipe),
            "embodiment": msgspec.to_builtins(spec.embodiment),
            "content_sha256": digest_of_trajectories(writer.get(n) for n in chosen),
        },
    }


def _spaces(recipe: Recipe, spec: TaskSpec) -> tuple[spaces.Dict, spaces.Space[Any]]:
    """What is seen at every step, and what is done; the words of an episode stand once in it."""
    env = catalogue.build(spec, **kwargs_of(recipe, spec))
    try:
        assert isinstance(env.observation_space, spaces.Dict)
        seen = {k: one for k, one in env.observation_space.spaces.items() if k != "instruction"}
        return spaces.Dict(seen), env.action_space
    finally:
        env.close()
