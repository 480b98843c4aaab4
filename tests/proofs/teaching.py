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

CUT = 150
"""An episode lasts at most so many steps, in teaching and where it is judged by."""

TAUGHT, JUDGED = 0, 1
"""Halves of a list of episodes: what is taught with, and what is judged by."""


class Lesson(NamedTuple):
    """How a task is taught.

    Attributes:
        fields: that are seen.
        count: episodes recorded.
        kwargs: arguments of the task.
        wanted: whether the episode that has begun belongs to it.
        weight: how often it is drawn from.
        noise: added to what the oracle does, as a share of half the range; what is recorded is
            what it meant to do.
        said: the words for what an oracle does.
    """

    fields: tuple[str, ...]
    count: int
    kwargs: Mapping[str, Any] = {}
    wanted: Callable[[Any], bool] = lambda _: True
    weight: float = 1.0
    noise: float = 0.0
    said: Callable[[Any], Any] = lambda action: action


def build(task: TaskSpec, lesson: Lesson) -> Any:
    """The task's environment with those of a lesson's fields that it has."""
    shown = tuple(one for one in (*lesson.fields, "instruction") if one in task.observations)
    return catalogue.build(task, observations=shown, **lesson.kwargs)


def begin(env: Any, task: TaskSpec, seed: int, half: int, which: int | None = None) -> Any:
    """An episode by its seed; of a list, the one of that half which it, or ``which``, points at."""
    middle, which = task.numbered_episodes // 2, seed if which is None else which
    options = {"episode": half * middle + which % middle} if task.numbered_episodes else None
    return env.reset(seed=seed % 2**31, options=options)


def record(task: TaskSpec, lesson: Lesson, writer: DatasetWriter) -> None:
    """Records episodes that the oracle wins; each is cut at success, or after ``CUT`` steps."""
    env = build(task, lesson)
    oracle = load_object(task.oracle)(env)
    kept = number = 0
    while kept < lesson.count:
        seed = derive_seed("teaching", "train", task.id, number)
        number += 1
        assert number < 40 * lesson.count + 20, f"{task.id}: the oracle hardly ever wins"
        seen, info = begin(env, task, seed, TAUGHT)
        if not lesson.wanted(env):
            continue
        oracle.reset(seen, info)
        dice, observed, actions, won = np.random.default_rng(seed), [seen], [], False
        while not won and len(actions) < CUT:
            meant = lesson.said(oracle.act(seen))
            seen, _, terminated, truncated, info = env.step(_done(env, meant, lesson.noise, dice))
            actions.append(meant)
            observed.append(seen)
            won = bool(info["success"])
            if terminated or truncated:
                break
        if won:
            writer.put(kept, _written(observed, actions))
            kept += 1
    env.close()


def _done(env: Any, action: Any, noise: float, dice: np.random.Generator) -> Any:
    """What is done where an action is meant."""
    space = env.action_space
    if not hasattr(space, "low"):
        return action
    astray = noise * (space.high - space.low) / 2 * dice.standard_normal(space.shape)
    return np.clip(np.asarray(action + astray, np.float32), space.low, space.high)


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


def demonstrations(lessons: Mapping[str, Lesson], folder: Path) -> list[DemoSet]:
    """The sets of some tasks; kept in a folder, so that a proof can be repeated in parts."""
    sets = []
    for name, lesson in lessons.items():
        task = catalogue.find(name)
        writer = DatasetWriter(folder / f"{task.id}-{lesson.count}")
        if not writer.stands(lesson.count - 1):
            record(task, lesson, writer)
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


def play(agent: Any, name: str, lesson: Lesson, count: int, slots: int = 20) -> list[float]:
    """The scores of an agent in so many episodes, of which none was recorded; always the same ones.

    A score is 1 for success within ``CUT`` steps and else 0, or the return where that is what the
    task's score is.
    """
    task = catalogue.find(name)
    envs = [build(task, lesson) for _ in range(min(slots, count))]
    numbers, scores = iter(range(100 * count + 1000)), [0.0] * count
    for first in range(0, count, len(envs)):
        seen, steps, earned = {}, dict[int, int](), dict[int, float]()
        for slot in range(min(len(envs), count - first)):
            seen[slot] = _another(envs[slot], task, lesson, numbers)
            steps[slot], earned[slot] = 0, 0.0
            agent.reset([slot], [_brief(task, envs[slot], seen[slot], first + slot)])
        while seen:
            now = list(seen)
            for slot, action in zip(now, agent.act([seen[s] for s in now], now), strict=True):
                seen[slot], reward, terminated, truncated, info = envs[slot].step(action)
                steps[slot] += 1
                earned[slot] += float(reward)
                if info["success"] or terminated or truncated or steps[slot] >= CUT:
                    of_return = task.score == "return"
                    scores[first + slot] = earned[slot] if of_return else float(info["success"])
                    del seen[slot]
    for env in envs:
        env.close()
    return scores


def _brief(task: TaskSpec, env: Any, seen: Mapping[str, Any], seed: int) -> Brief:
    return Brief(
        instruction=str(seen.get("instruction", task.instruction)),
        embodiment=task.embodiment,
        action_space=env.action_space,
        max_episode_steps=task.max_episode_steps,
        agent_seed=seed,
    )


def _another(env: Any, task: TaskSpec, lesson: Lesson, numbers: Iterator[int]) -> Any:
    """The beginning of the next episode that belongs to a lesson."""
    while True:
        number = next(numbers)
        seen, _ = begin(env, task, derive_seed("teaching", "test", task.id, number), JUDGED)
        if lesson.wanted(env):
            return seen


def measure(name: str, lesson: Lesson, count: int) -> tuple[list[float], list[float]]:
    """The scores of a task's oracle, and of random play, in the episodes that ``play`` plays."""
    task = catalogue.find(name)
    env = build(task, lesson)
    oracle, dice = load_object(task.oracle)(env), np.random.default_rng(0)
    env.action_space.seed(int(dice.integers(2**31)))
    found: tuple[list[float], list[float]] = ([], [])
    for scores, chance in zip(found, (False, True), strict=True):
        numbers = iter(range(100 * count + 1000))
        for _ in range(count):
            seen, info, earned = _another(env, task, lesson, numbers), {"success": False}, 0.0
            oracle.reset(seen, info)
            for _ in range(CUT):
                action = env.action_space.sample() if chance else lesson.said(oracle.act(seen))
                seen, reward, terminated, truncated, info = env.step(_done(env, action, 0.0, dice))
                earned += float(reward)
                if info["success"] or terminated or truncated:
                    break
            scores.append(earned if task.score == "return" else float(info["success"]))
    env.close()
    return found
