"""Demonstrations by the tasks' own oracles, recorded once, and play of many bodies by one agent."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyathlon.agents.gea.demonstration import DemoSet
from polyathlon.core.registry import load_object
from polyathlon.core.specs import Brief, TaskSpec, derive_seed
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks import catalogue


def build(task: TaskSpec, fields: Sequence[str], **kwargs: Any) -> Any:
    """The task's environment with those of the fields that it has."""
    shown = tuple(one for one in (*fields, "instruction") if one in task.observations)
    return catalogue.build(task, observations=shown, **kwargs)


def begin(env: Any, task: TaskSpec, seed: int) -> tuple[Any, Any]:
    """An episode by its seed; of a list, the one that the seed points at."""
    options = {"episode": seed % task.numbered_episodes} if task.numbered_episodes else None
    return env.reset(seed=seed % 2**31, options=options)


def record(
    task: TaskSpec,
    fields: Sequence[str],
    count: int,
    part: str,
    cut: int,
    kwargs: Mapping[str, Any],
) -> list[Trajectory]:
    """Episodes that the oracle wins; each is cut at success, or after so many steps."""
    env = build(task, fields, **kwargs)
    oracle = load_object(task.oracle)(env)
    found: list[Trajectory] = []
    number = 0
    while len(found) < count:
        seed = derive_seed("teaching", part, task.id, number)
        number += 1
        seen, info = begin(env, task, seed)
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
            found.append(_written(observed, actions))
        assert number < 10 * count + 20, f"{task.id}: the oracle hardly ever wins"
    env.close()
    return found


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


def demonstrations(
    tasks: Mapping[str, Mapping[str, Any]], count: int, folder: Path, cut: int = 150
) -> list[DemoSet]:
    """The sets of some tasks: each with the fields it is to be seen by, and arguments.

    They are kept in a folder of the proof's own, so that a proof can be repeated in parts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets = []
    for name, given in tasks.items():
        task, kwargs = catalogue.find(name), dict(given)
        fields = kwargs.pop("fields")
        many = kwargs.pop("count", count)
        path = folder / f"{task.id}-{many}-{'-'.join(fields)}.pickle"
        if not path.exists():
            episodes = record(task, fields, many, "train", cut, kwargs)
            path.write_bytes(pickle.dumps([tuple(one) for one in episodes]))
        episodes = [Trajectory(*one) for one in pickle.loads(path.read_bytes())]
        steps = sum(one.steps for one in episodes)
        print(f"{task.id}: {len(episodes)} episodes, {steps} steps", flush=True)
        sets.append(
            DemoSet(
                name=task.id,
                body=task.embodiment,
                instruction=task.instruction,
                episodes=tuple(episodes),
                weight=given.get("weight", 1.0),
            )
        )
    return sets


def play(
    agent: Any, name: str, given: Mapping[str, Any], count: int, cut: int, slots: int = 10
) -> tuple[int, int]:
    """Episodes won by an agent, and episodes played; others than were recorded."""
    task, kwargs = catalogue.find(name), dict(given)
    fields = kwargs.pop("fields")
    for own in ("count", "weight"):
        kwargs.pop(own, None)
    envs = [build(task, fields, **kwargs) for _ in range(min(slots, count))]
    won = 0
    for first in range(0, count, len(envs)):
        seen, steps = {}, {}
        for slot in range(min(len(envs), count - first)):
            seed = derive_seed("teaching", "test", task.id, first + slot)
            seen[slot], _ = begin(envs[slot], task, seed)
            steps[slot] = 0
            brief = Brief(
                instruction=str(seen[slot].get("instruction", task.instruction)),
                embodiment=task.embodiment,
                action_space=envs[slot].action_space,
                max_episode_steps=task.max_episode_steps,
                agent_seed=seed,
            )
            agent.reset([slot], [brief])
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
