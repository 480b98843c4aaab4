"""The measurements of ``make bench``: each function plays some steps and returns steps a second."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import msgspec
import numpy as np

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.recorder import Recorder
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan
from polyathlon.core.journal import Journal
from polyathlon.core.specs import Brief, TaskSpec
from polyathlon.tasks import catalogue

WORLDS = Path(__file__).resolve().parents[1] / "worlds"


class Work(NamedTuple):
    """Some steps of a task: its id, the arguments of its environment, how many, in words."""

    task_id: str
    kwargs: Mapping[str, Any]
    steps: int
    words: str

    @property
    def title(self) -> str:
        return f"{self.task_id.rpartition('-v')[0]}, {self.words}"

    @property
    def task(self) -> TaskSpec:
        return spec(self.task_id)


class Ratio(NamedTuple):
    """A ratio of two rates: median, least and greatest over the pairs."""

    name: str
    median: float
    low: float
    high: float
    rates: str


class NullAgent:
    """Says the same at once."""

    dialect = "native"

    def reset(self, slots: Any, briefs: Any) -> None:
        pass

    def act(self, observations: Any, slots: Any) -> list[int]:
        return [0] * len(slots)


def spec(task_id: str) -> TaskSpec:
    """A task, of the catalogue or of the test worlds."""
    if not task_id.startswith("faulty."):
        return catalogue.find(task_id)
    if str(WORLDS) not in sys.path:
        sys.path.append(str(WORLDS))
    import faulty_worlds

    known = {task.id: task for task in faulty_worlds.FAMILY.tasks}
    timed = msgspec.structs.replace(
        known["faulty.sound-v0"], id="faulty.timed-v0", max_episode_steps=1000
    )
    return known.get(task_id, timed)


def ratio(
    name: str, ours: Callable[[], float | None], theirs: Callable[[], float | None], pairs: int
) -> Ratio:
    """Measures the two in turn, and their ratio pair by pair."""
    found = [(ours(), theirs()) for _ in range(pairs)]
    both = [(a, b) for a, b in found if a is not None and b is not None]
    if not both:
        return Ratio(name, float("nan"), float("nan"), float("nan"), "not installed")
    ratios = [a / b for a, b in both]
    medians = [statistics.median(column) for column in zip(*both, strict=True)]
    rates = " / ".join(f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}" for rate in medians)
    return Ratio(name, statistics.median(ratios), min(ratios), max(ratios), rates)


def bare(work: Work) -> float:
    """A plain loop: the same world and agent, one process."""
    task = work.task
    env, agent = catalogue.build(task, **work.kwargs), RandomAgent()
    _loop(env, agent, task, 1)
    begun, done, index = time.perf_counter(), 0, 0
    while done < work.steps:
        done += _loop(env, agent, task, index)
        index += 1
    rate = done / (time.perf_counter() - begun)
    env.close()
    return rate


def _loop(env: gymnasium.Env[Any, Any], agent: Any, task: TaskSpec, index: int) -> int:
    observation, _ = env.reset(seed=index)
    brief = Brief(
        instruction="",
        embodiment=task.embodiment,
        action_space=env.action_space,
        max_episode_steps=task.max_episode_steps,
        agent_seed=index,
    )
    agent.reset([0], [brief])
    steps, over = 0, False
    while not over:
        observation, _, terminated, truncated, _ = env.step(agent.act([observation], [0])[0])
        over = terminated or truncated
        steps += 1
    return steps


def harness(work: Work, slots: int, oracle: bool = False, agent: Any = None) -> float:
    """The evaluator itself, journal included, from standing environments to the last flush."""
    task, played = work.task, 0

    def plans(first: int, count: int) -> list[EpisodePlan]:
        return [EpisodePlan(task=task.id, index=k, seed=k) for k in range(first, first + count)]

    def finished(entry: Any) -> None:
        nonlocal played
        played += entry.result.steps
        recorder.put(entry)

    with (
        tempfile.TemporaryDirectory() as folder,
        Journal(Path(folder)) as journal,
        Pool(slots, Limits()) as pool,
    ):
        recorder = Recorder(journal, lambda result: None)
        chosen = None if oracle else agent or RandomAgent()
        runner = Runner(pool, chosen, {task.id: task}, {task.id: work.kwargs}, 1, finished)
        runner.run(plans(0, slots))
        # As many episodes as the steps asked for take, the same number for every slot.
        episodes = max(1, round(work.steps / (played / slots) / slots)) * slots
        played, begun = 0, time.perf_counter()
        runner.run(plans(1000, episodes))
        recorder.close()
        return played / (time.perf_counter() - begun)


def harness_cost(pairs: int, image: int) -> tuple[str, float, float, float]:
    """Microseconds a step with a world and an agent that do nothing, hand-over included."""
    kwargs: dict[str, Any] = {"observations": ("rgb",), "image": image} if image else {}
    work = Work("faulty.null-v0", kwargs, 20_000, "")
    costs = [1e6 / harness(work, 1, agent=NullAgent()) for _ in range(pairs)]
    name = f"rgb {image} x {image}" if image else "state of 8 numbers"
    return name, statistics.median(costs), min(costs), max(costs)


def gymnasium_async(work: Work) -> float:
    """Gymnasium's AsyncVectorEnv with two environments."""
    envs = gymnasium.vector.AsyncVectorEnv(
        [lambda: catalogue.build(work.task, **work.kwargs)] * 2, context="spawn"
    )
    envs.reset(seed=0)
    envs.step(envs.action_space.sample())
    begun = time.perf_counter()
    for _ in range(work.steps // 2):
        envs.step(envs.action_space.sample())
    rate = work.steps / (time.perf_counter() - begun)
    envs.close()
    return rate


def stable_baselines3(work: Work) -> float | None:
    """Stable-Baselines3's evaluate_policy over two worker processes."""
    try:
        from stable_baselines3.common.evaluation import evaluate_policy
        from stable_baselines3.common.monitor import Monitor
        from stable_baselines3.common.vec_env import SubprocVecEnv
    except ImportError:
        return None

    class Policy:
        def __init__(self, space: Any) -> None:
            self._space = space

        def predict(self, observation: Any, state: Any = None, **_: Any) -> tuple[Any, Any]:
            count = len(next(iter(observation.values())))
            return np.array([self._space.sample() for _ in range(count)]), state

    envs = SubprocVecEnv(
        [lambda: Monitor(catalogue.build(work.task, **work.kwargs))] * 2, start_method="spawn"
    )
    _, lengths = evaluate_policy(
        Policy(envs.action_space), envs, n_eval_episodes=2, return_episode_rewards=True
    )
    episodes = 2 * max(1, round(work.steps / float(np.mean(lengths)) / 2))
    begun = time.perf_counter()
    _, lengths = evaluate_policy(
        Policy(envs.action_space), envs, n_eval_episodes=episodes, return_episode_rewards=True
    )
    rate = sum(lengths) / (time.perf_counter() - begun)
    envs.close()
    return float(rate)


def start_times(pairs: int) -> list[tuple[str, float, float, float]]:
    """Whole processes: importing the package, listing the tasks, and Python alone beside them."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import gymnasium": [sys.executable, "-c", "import gymnasium"],
        "import polyathlon": [sys.executable, "-c", "import polyathlon"],
        "polyathlon list": [sys.executable, "-m", "polyathlon.cli", "list"],
        "polyathlon list --json": [sys.executable, "-m", "polyathlon.cli", "list", "--json"],
    }
    rows = []
    for name, command in commands.items():
        times = []
        for _ in range(pairs + 1):
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir())
            times.append(time.perf_counter() - begun)
        rows.append((name, statistics.median(times[1:]), min(times[1:]), max(times[1:])))
    return rows
