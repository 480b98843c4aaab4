"""The frozen declarations that everything else is written in: bodies, tasks, benchmarks.

All are keyword-only :class:`msgspec.Struct` values: typed, hashable, comparable, and equal to
their own canonical JSON, over which digests are taken.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from .errors import BadArgument, EmbodimentMismatch

TASK_ID = re.compile(r"^(?P<family>[a-z0-9]+)\.(?P<name>[a-z0-9][a-z0-9-]*)-v(?P<version>\d+)$")
"""Task ids are ``family.name-vN``: lower case, words joined by hyphens."""

FIELDS = ("rgb", "depth", "lidar", "state", "instruction", "dom")
"""What a task may offer as observation, in this order: uint8 ``[H, W, 3]``, float32 ``[H, W]``
[m], float32 ``[R]`` [m], float32 ``[D]``, text, the elements of a screen as text (see
``element``)."""

SENSES = FIELDS[:5]
"""Those that a robot may have."""

REWARD = "reward"
"""What an agent may ask for as if it were a field: the reward of its last action, a float, and 0
before its first. No task offers it: the evaluator adds it for those who ask."""

USUAL_FIELDS = ("rgb", "state", "instruction")
"""What a task offers that does not say. Digests are taken over declarations: a sense that came
later must not change those of tasks that do not have it."""


class Embodiment(msgspec.Struct, frozen=True, kw_only=True):
    """The convention of a body's actions. Compared before the first step, never guessed.

    Attributes:
        id: name of the body, e.g. ``sawyer-xyz``.
        kind: ``continuous`` (a float vector), ``discrete`` (one index) or ``text``.
        action_names: a name per dimension (continuous) or per action (discrete).
        action_units: the unit per dimension, e.g. ``m/s``, ``rad``, ``1`` for none; one entry
            for a discrete body.
        frame: what the actions are relative to, e.g. ``world``, ``end-effector``, ``none``.
        control_hz: control rate [Hz]; None where the world waits for the agent.
        low: lower bound per dimension, in its unit; empty for discrete and text.
        high: upper bound per dimension, in its unit; empty for discrete and text.
        gripper: polarity in words, e.g. ``+1 closes, -1 opens``; empty without gripper.
    """

    id: str
    kind: Literal["continuous", "discrete", "text"]
    action_names: tuple[str, ...] = ()
    action_units: tuple[str, ...] = ("1",)
    frame: str = "none"
    control_hz: float | None = None
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    gripper: str = ""

    def differences(self, other: Embodiment) -> list[str]:
        """One phrase for each field in which ``other`` departs from this body."""
        pairs = {
            field: (getattr(self, field), getattr(other, field)) for field in self.__struct_fields__
        }
        return [_apart(field, *pair) for field, pair in pairs.items() if pair[0] != pair[1]]


MOST_SHOWN = 4
"""Entries up to which a field is told whole where two bodies depart."""


def _apart(field: str, one: Any, other: Any) -> str:
    """How a field of two bodies differs, in a phrase that fits a line."""
    if not isinstance(one, tuple) or max(len(one), len(other)) <= MOST_SHOWN:
        return f"{field}: {one!r} against {other!r}"
    if len(one) != len(other):
        return f"{field}: {len(one)} against {len(other)}"
    places = [
        place for place, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]
    ]
    first = places[0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{field} {first}: {one[first]!r} against {other[first]!r}{more}"


def check_handshake(agent: Embodiment | None, task: Embodiment, task_id: str) -> None:
    """Refuses an agent trained for another convention of actions than the task's.

    Args:
        agent: what the agent says its actions mean; None means that it asks for no body in
            particular and follows the task's.
        task: the convention of the task.
        task_id: named in the error.

    Raises:
        EmbodimentMismatch: any field differs.
    """
    if agent is None:
        return
    differing = agent.differences(task)
    if differing:
        raise EmbodimentMismatch(
            f"the agent's actions follow '{agent.id}', {task_id} expects '{task.id}': "
            + "; ".join(differing)
            + ". Play it with an agent made for this body, or give it a dialect that translates."
        )


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One task as data: what to build, how long it lasts, and what its scores mean.

    Attributes:
        id: ``family.name-vN``; N rises whenever scores would change.
        entry_point: ``module:Class`` of the environment, imported when first made.
        embodiment: the convention of its actions.
        instruction: the standing instruction; an episode's own is in its observation.
        max_episode_steps: the horizon [steps].
        kwargs: arguments of the entry point that define this task.
        observations: the fields it can offer, of ``FIELDS``.
        default_observations: the fields it offers when nobody asks.
        numbered_episodes: how many episodes the task has by number, counted from 0: the evaluator
            then asks ``reset`` for ``options={"episode": index}``. 0 where the seed alone makes
            the episode.
        score: what is normalised: ``success`` (0 or 1), ``return`` (total reward), or ``none``
            where there is neither a notion of success nor a reference: then only the return
            tells, and the task enters no score.
        success_rule: success counts if it held ``once`` in the episode, or at its ``end``.
        floor: total reward that maps to 0 (for ``return``), e.g. a random agent's.
        ceiling: total reward that maps to 1, e.g. a human's.
        reference_source: where floor and ceiling were published.
        oracle: ``module:factory`` of a scripted solver that runs beside the environment, or None.
        oracle_solves: whether upstream's oracle is known to solve this task.
        determinism: what a seed promises: ``bit``, ``platform`` or ``statistical``.
        renderer: ``mujoco`` (an OpenGL context), or ``none`` (pixels by its own code).
        tags: groups such as ``mt10`` or ``ml45-train``.
        no_op: the action that does nothing, where there is one: what an utterance that means no
            action may be replaced by. None where every action does something.
    """

    id: str
    entry_point: str
    embodiment: Embodiment
    instruction: str
    max_episode_steps: int
    kwargs: Mapping[str, Any] = {}
    observations: tuple[str, ...] = USUAL_FIELDS
    default_observations: tuple[str, ...] = USUAL_FIELDS
    numbered_episodes: int = 0
    score: Literal["success", "return", "none"] = "success"
    success_rule: Literal["once", "end"] = "once"
    floor: float = 0.0
    ceiling: float = 1.0
    reference_source: str = ""
    oracle: str | None = None
    oracle_solves: bool = True
    determinism: Literal["bit", "platform", "statistical"] = "bit"
    renderer: str = "none"
    tags: tuple[str, ...] = ()
    no_op: int | tuple[float, ...] | None = None

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def gym_id(self) -> str:
        """The id under which Gymnasium knows the task."""
        return f"polyathlon/{self.id}"

    def normalise(self, total_reward: float, success: bool) -> float | None:
        """The score of an episode on the scale where floor is 0 and ceiling is 1, if it has one.

        Args:
            total_reward: undiscounted sum of the episode's rewards.
            success: whether the episode succeeded by ``success_rule``.
        """
        if self.score == "none":
            return None
        if self.score == "success":
            return float(success)
        return (total_reward - self.floor) / (self.ceiling - self.floor)


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """A family of tasks and what it takes to install it.

    Attributes:
        name: the part of a task id before the dot.
        title: a few words for people.
        extra: the extra of this distribution that brings its packages.
        packages: import names of the packages it needs.
        tasks: its tasks.
        upstream: where its simulator comes from.
        metrics: ``module:function`` that gives the :class:`~.metric.MetricTable` of its further
            figures; empty where they speak for themselves.
    """

    name: str
    title: str
    extra: str
    packages: tuple[str, ...]
    tasks: tuple[TaskSpec, ...]
    upstream: str = ""
    metrics: str = ""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent may know at the start of an episode. Never the seed, never a hidden goal.

    Attributes:
        instruction: the words of this episode.
        embodiment: the convention of its actions.
        action_space: Gymnasium space that the agent's outputs must lie in (the adapter's side).
        max_episode_steps: the horizon [steps].
        agent_seed: a seed for the agent's own dice, so that a stochastic agent plays the same
            episode alike whatever the slot and the order. Derived one way from the plan: it
            says nothing of the world's seed.
    """

    instruction: str
    embodiment: Embodiment
    action_space: Any
    max_episode_steps: int
    agent_seed: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a benchmark's tasks that are summed up together.

    Attributes:
        name: lower case, words joined by hyphens.
        title: a few words for people.
        tasks: task ids of the benchmark.
    """

    name: str
    title: str
    tasks: tuple[str, ...]


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """A programme of tasks: what is played, how often, from which seed, and how it is summed up.

    Attributes:
        id: its name.
        title: a few words for people.
        tasks: task ids, in the order of the table.
        episodes_per_task: episodes of each task.
        base_seed: the seed from which every episode's is derived.
        headline: the figure a board shows: ``success`` or ``score`` (normalised).
        aggregation: over tasks, ``mean`` or ``iqm``.
        task_kwargs: arguments passed to every task, e.g. ``{"observations": ["rgb"]}``.
        groups: parts that are summed up by themselves.
        headline_group: the group whose figure is the headline; empty for all tasks.
        compared: the groups that a report puts side by side.
    """

    id: str
    title: str
    tasks: tuple[str, ...]
    episodes_per_task: int
    base_seed: int = 0
    headline: Literal["success", "score"] = "success"
    aggregation: Literal["mean", "iqm"] = "mean"
    task_kwargs: Mapping[str, Any] = {}
    groups: tuple[Group, ...] = ()
    headline_group: str = ""
    compared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses groups of tasks that it does not hold.

        Raises:
            BadArgument: a group names a foreign task, or the headline an unknown group.
        """
        for group in self.groups:
            foreign = [task for task in group.tasks if task not in self.tasks]
            if foreign or not group.tasks:
                what = f"the foreign task '{foreign[0]}'" if foreign else "no task"
                raise BadArgument(f"group '{group.name}' of benchmark '{self.id}' names {what}")
        known = {"", *(group.name for group in self.groups)}
        for name in (self.headline_group, *self.compared):
            if name not in known:
                raise BadArgument(f"benchmark '{self.id}' has no group '{name}'")

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of this declaration, in hexadecimal.

        Fields that came later are left out where they say nothing: what was declared before them
        is still the same benchmark.
        """
        plain = msgspec.to_builtins(self)
        for later in ("groups", "headline_group", "compared"):
            if not plain[later]:
                del plain[later]
        return digest_of(plain)

    def seed_of(self, task: str, index: int) -> int:
        """The seed of one of its episodes.

        It depends on the benchmark's id and base seed, the task and the index, and on nothing
        else: neither on the number of episodes, nor on what other tasks are played.
        """
        return derive_seed(self.id, self.base_seed, task, index)


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; the same bytes for the same value, always.

    Raises:
        BadArgument: the value holds a NaN or an infinity, which JSON has no word for.
    """
    plain = msgspec.to_builtins(value)
    try:
        text = json.dumps(
            plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except ValueError:
        _refuse_non_finite(plain, "$")  # It knows where; looking is dear, so only now.
        raise
    return text.encode()


_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical_struct(value: msgspec.Struct, floats: Iterable[float | None]) -> bytes:
    """``canonical_json`` of a struct, nearly always in a tenth of the time.

    msgspec and Python both write the shortest digits that read back as the number. They differ in
    when they take an exponent, in how they write it, and in what becomes of NaN: below 1e-4 and
    from 1e16 on, and of what is no number, it is Python that writes.

    Args:
        value: the struct.
        floats: every float in it; what stands in for none is None.

    Raises:
        BadArgument: one of them is NaN or infinite.
    """
    for one in floats:
        if one and not 1e-4 <= abs(one) < 1e16:
            return canonical_json(value)
    return _ENCODER.encode(value)


def _refuse_non_finite(value: Any, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadArgument(f"{where} is {value}, which canonical JSON cannot hold")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_non_finite(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _refuse_non_finite(item, f"{where}[{position}]")


def digest_of(value: Any) -> str:
    """SHA-256 of ``canonical_json(value)``, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


ONCE_BIT = frozenset({"metaworld"})
"""Families that were declared ``bit`` until they were seen to round differently on processors of
one kind. Their tasks keep their digests: what was played before is still the same."""


def digest_of_tasks(tasks: Iterable[TaskSpec]) -> str:
    """SHA-256 over the declarations of tasks, in hexadecimal.

    ``no_op`` is left out: naming the action that does nothing changes neither world nor score,
    and what was played before it was named is still the same task.
    """
    plain = [msgspec.to_builtins(task) for task in tasks]
    for one in plain:
        del one["no_op"]
        if one["id"].partition(".")[0] in ONCE_BIT:
            one["determinism"] = "bit"
    return digest_of(plain)


Declared = TypeVar("Declared", bound=msgspec.Struct)


def as_read_back(value: Declared) -> Declared:
    """A declaration as its JSON will give it: a whole number where a float is declared is one."""
    return msgspec.json.decode(canonical_json(value), type=type(value))


def derive_seed(*parts: str | int) -> int:
    """A seed in ``[0, 2**53)`` that depends on all the parts and on nothing else.

    53 bits survive JSON readers that keep numbers as doubles, and make a clash between the
    episodes of one benchmark negligible (one in a billion for 3,000 episodes).
    """
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
