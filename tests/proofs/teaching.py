"""Demonstrations by the tasks' own oracles, recorded once, and play of many bodies by one agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polyathlon.agents.gea.demonstration import DemoSet
from polyathlon.core.registry import load_object
from polyathlon.core.specs import Brief, TaskSpec, derive_seed
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks import catalogue
from polyathlon.tasks.dataset.layout import DatasetWriter


class Lesson(NamedTuple):
    """How a task is taught.

    Attributes:
        fields: that are seen.
        count: episodes recorded.
        kwargs: arguments of the task.
        wanted: whether the episode that has begun belongs to it.
        weight: how often it is drawn from.
    """

    fields: tuple[str, ...]
    count: int
    kwargs: Mapping[str, Any] = {}
    wanted: Callable[[Any], bool] = lambda _: True
    weight: float = 1.0


def build(task: TaskSpec, fields: Sequence[str], **kwargs: Any) -> Any:
    """The task's environment with those of the fields that it has."""
    shown = tuple(one for one in (*fields, "instruction") if one in task.observations)
    return catalogue.build(task, observations=shown, **kwargs)


def begin(env: Any, task: TaskSpec, seed: int) -> tuple[Any, Any]:
    """An episode by its seed; of a list, the one that the seed points at."""
    options = {"episode": seed % task.numbered_episodes} if task.numbered_episodes else None
    return env.reset(seed=seed % 2**31, options=options)


def record(
    task: TaskSpec, fields: Sequence[str], count: int, cut: int, kwargs: Mapping[str, Any],
    writer: DatasetWriter, wanted: Callable[[Any], bool],
) -> None:  # fmt: skip
    """Records episodes that the oracle wins; each is cut at success, or after so many steps."""
    env = build(task, fields, **kwargs)
    oracle = load_object(task.oracle)(env)
    kept = number = 0
    while kept < count:
        seed = derive_seed("teaching", "train", task.id, number)
        number += 1
        assert number < 40 * count + 20, f"{task.id}: the oracle hardly ever wins"
        seen, info = begin(env, task, seed)
        if not wanted(env):
            continue
        oracle.reset(seen, info)
        observed, actions, won = [seen], [], False
        while not won and len(actions) < cut:
            action = oracle.act(seen)
            seen, _, terminated, truncated, info = env.step(_clipped(env, action))
            actions.append(action)
            observed.append(seen)
            won = bool(info["success"])
            if terminated or truncated:
                break
        if won:
            writer.put(kept, _written(observed, actions))
            kept += 1
    env.close()


def _clipped(env: Any, action: Any) -> Any:
    space = env.action_space
    if hasattr(space, "low"):
        return np.clip(np.asarray(action, np.float32), space.low, space.high)
    return action


def _written(observed: Sequence[Mapping[str, Any]], actions: Sequence[Any]) -> Trajectory:
    fields = [name for name in ("rgb", "state") if name in observed[0]]
    count = len(actions)
    ends = np.arange(count) == count - 1
    if isinstance(actions[0], str):
        given = np.array(actions)
    elif np.ndim(actions[0]):
        given = np.stack([np.asarray(one, np.float32) for one in actions])
    else:
        given = np.array([int(one) for one in actions], np.int64)
    return Trajectory(
        {name: np.stack([one[name] for one in observed]) for name in fields},
        given,
        np.zeros(count, np.float32),
        ends,
        np.zeros(count, bool),
        ends,
        instruction=str(observed[0].get("instruction", "")),
    )


def demonstrations(lessons: Mapping[str, Lesson], folder: Path, cut: int = 150) -> list[DemoSet]:
    """The sets of some tasks; kept in a folder, so that a proof can be repeated in parts."""
    sets = []
    for name, lesson in lessons.items():
        task = catalogue.find(name)
        writer = DatasetWriter(folder / f"{task.id}-{lesson.count}-{'-'.join(lesson.fields)}")
        if not writer.stands(lesson.count - 1):
            record(task, lesson.fields, lesson.count, cut, lesson.kwargs, writer, lesson.wanted)
        episodes = tuple(writer.get(number) for number in range(lesson.count))
        steps = sum(one.steps for one in episodes)
        print(f"{task.id}: {len(episodes)} episodes, {steps} steps", flush=True)
        sets.append(
            DemoSet(
                name=task.id,
                body=task.embodiment,
                instruction=task.instruction,
                episodes=episodes,
                weight=lesson.weight,
            )
        )
    return sets


def play(
    agent: Any, name: str, lesson: Lesson, count: int, cut: int = 150, slots: int = 10
) -> tuple[int, int]:
    """Episodes won by an agent within so many steps, and episodes played; none was recorded."""
    task = catalogue.find(name)
    envs = [build(task, lesson.fields, **lesson.kwargs) for _ in range(min(slots, count))]
    numbers = iter(range(10 * count + 1000))
    won = played = 0
    while played < count:
        seen, steps = {}, {}
        for slot in range(min(len(envs), count - played)):
            seen[slot] = _another(envs[slot], task, lesson, numbers)
            steps[slot] = 0
            brief = Brief(
                instruction=str(seen[slot].get("instruction", task.instruction)),
                embodiment=task.embodiment,
                action_space=envs[slot].action_space,
                max_episode_steps=task.max_episode_steps,
                agent_seed=slot + played,
            )
            agent.reset([slot], [brief])
        played += len(seen)
        while seen:
            now = list(seen)
            for slot, action in zip(now, agent.act([seen[s] for s in now], now), strict=True):
                seen[slot], _, terminated, truncated, info = envs[slot].step(action)
                steps[slot] += 1
                over = terminated or truncated or steps[slot] >= cut
                if info["success"] or over:
                    won += bool(info["success"])
                    del seen[slot]
    for env in envs:
        env.close()
    return won, count


def _another(env: Any, task: TaskSpec, lesson: Lesson, numbers: Iterator[int]) -> Any:
    """The beginning of the next episode that belongs to a lesson."""
    while True:
        seen, _ = begin(env, task, derive_seed("teaching", "test", task.id, next(numbers)))
        if lesson.wanted(env):
            return seen
