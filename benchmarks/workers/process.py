"""The program inside a worker: one environment at a time, played as the parent says.

It is started by ``slot.BOOT`` with the descriptors of its control socket, memory and bells, and
ends when told to, or when its parent is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import hashlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.actions import pack_actions
from ...core.errors import InvalidAction, PolyathlonError
from ...core.memory import keep_freed_memory
from ...core.protocols import Recording
from ...core.registry import load_object
from ...core.spaces import action_check, space_to_data
from ...core.specs import TaskSpec
from ...core.stopwatch import RENDERING
from ...tasks import catalogue
from .channel import (
    BUSY,
    OVER,
    PARENT_SLEEPS,
    PROGRESS,
    REQUEST,
    RESPONSE,
    STATUS,
    WAITING,
    WORKER_SLEEPS,
    Channel,
    lay_out,
)
from .film import STORYBOARD, Film
from .message import (
    Control,
    Finished,
    FromWorker,
    Play,
    Quit,
    Raised,
    Ready,
    Setup,
    ToWorker,
)
from .take import Take

PACKAGE = __name__.partition(".")[0] + "."

PR_SET_PDEATHSIG = 1
"""prctl(2), <linux/prctl.h>."""


class _ParentGone(Exception):
    """Nobody is left to play for."""


class _AgentRaised(Exception):
    """The oracle or a recorded action failed, not the environment."""


def observation_digest(observation: Mapping[str, Any]) -> str:
    """SHA-256 over the names and bytes of an observation's fields, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(observation):
        value = observation[name]
        digest.update(name.encode() + b"\0")
        digest.update(
            value.encode() if isinstance(value, str) else np.ascontiguousarray(value).data
        )
    return digest.hexdigest()


def render_info(env: gymnasium.Env[Any, Any]) -> dict[str, str]:
    """What draws an environment's pictures, as far as it can say yet."""
    try:
        return dict(getattr(env.unwrapped, "render_info", {}))
    except PolyathlonError:
        # It may still be played by its numbers; asking it for a picture says what is wrong.
        return {"backend": "unavailable"}


class _Clock:
    """Where the time of an episode goes, as far as the worker can tell."""

    def __init__(self) -> None:
        self._begun = self._since = time.perf_counter_ns()
        self._drawn = RENDERING.seconds
        self._drawn_before = self._drawn
        self._busy = self._deciding = 0
        self._drawn_inside = 0.0

    def asks(self) -> None:
        """An action is asked for."""
        self._since = time.perf_counter_ns()

    def steps(self) -> None:
        """It has come, and the world goes on."""
        now = time.perf_counter_ns()
        self._deciding += now - self._since
        self._since, self._drawn_before = now, RENDERING.seconds

    def busy(self) -> int:
        """The world is through, with its start or a step; how long it took [ns]."""
        took = time.perf_counter_ns() - self._since
        self._busy += took
        self._drawn_inside += RENDERING.seconds - self._drawn_before
        return took

    def told(self) -> dict[str, float]:
        """What goes into :class:`Finished` [s]."""
        return {
            "wall_time": 1e-9 * (time.perf_counter_ns() - self._begun),
            "stepping": max(0.0, 1e-9 * self._busy - self._drawn_inside),
            "drawing": RENDERING.seconds - self._drawn,
            "deciding": 1e-9 * self._deciding,
        }


class Worker:
    """The worker's side of one slot.

    Args:
        control: its end of the control socket.
        channel: its view of the shared memory.
    """

    def __init__(self, control: Control, channel: Channel) -> None:
        self._control, self._channel = control, channel
        self._env: gymnasium.Env[Any, Any] | None = None
        self._spec: TaskSpec | None = None
        self._spin = 0.0

    def serve(self) -> None:
        """Does what the parent says until told to quit."""
        while True:
            try:
                order: ToWorker = self._control.receive()
            except EOFError:
                return
            if isinstance(order, Quit):
                return
            answer: FromWorker
            try:
                answer = self._setup(order) if isinstance(order, Setup) else self._play(order)
            except _ParentGone:
                return
            except _AgentRaised as error:
                answer = _raised("agent-raised", error.__cause__ or error)
            except Exception as error:
                kind = "startup-failed" if isinstance(order, Setup) else "env-raised"
                answer = _raised(kind, error)
            if isinstance(answer, Ready):
                self._channel.remap(answer.memory, answer.observation, answer.action)
            self._control.send(answer)
            self._channel.words[STATUS] = OVER
            self._channel.signal(RESPONSE)

    def close(self) -> None:
        """Closes the environment; whatever it raises is of no interest any more."""
        with contextlib.suppress(Exception):
            if self._env is not None:
                self._env.close()
        self._env = None

    def _setup(self, order: Setup) -> Ready:
        self.close()
        if not order.spec.entry_point.startswith(PACKAGE):
            catalogue.register_gymnasium()  # A stranger's world may be made of ours.
        self._env = env = catalogue.build(order.spec, **order.kwargs)
        self._spec, self._spin = order.spec, order.spin
        if not isinstance(env.observation_space, spaces.Dict):
            raise TypeError(f"{order.spec.id}: the observation space is not a Dict")
        self._check = action_check(env.action_space)
        action, observation, memory = lay_out(env.action_space, env.observation_space)
        os.ftruncate(self._channel.memory, memory)
        return Ready(
            action_space=space_to_data(env.action_space),
            observation_space=space_to_data(env.observation_space),
            action=action,
            observation=tuple(observation),
            memory=memory,
            render_info=render_info(env),
        )

    def _play(self, order: Play) -> Finished:
        env, spec = self._env, self._spec
        assert env is not None
        assert spec is not None
        film = Film(order.media, env.render, env.metadata) if order.media else None
        words = self._channel.words
        words[BUSY] = 0
        clock = _Clock()
        numbered = {"episode": order.plan.index} if spec.numbered_episodes else None
        observation, info = env.reset(seed=order.plan.seed, options=numbered)
        take = self._take(order, observation, info)
        decide = self._decider(order, observation, info) if take is None else _guarded(take.decide)
        words[BUSY] = clock.busy()
        start_digest = observation_digest(observation)
        instruction = str(observation.get("instruction", spec.instruction))
        actions: list[Any] = []
        rewards: list[float] = []
        once = bool(info["success"])
        over = False
        while not over:
            if film is not None:
                film.see(len(rewards), observation)
            clock.asks()
            action = decide(observation)
            clock.steps()
            actions.append(action)
            observation, reward, terminated, truncated, info = env.step(action)
            words[BUSY] += clock.busy()
            words[PROGRESS] += 1
            if take is not None:
                take.see(observation, action, reward, terminated, truncated, info)
            rewards.append(float(reward))
            self._channel.write_reward(rewards[-1])
            once = once or bool(info["success"])
            over = terminated or truncated
        if film is not None:
            film.see(len(rewards), observation, last=True)
            film.write(strip=spec.max_episode_steps <= STORYBOARD)
        if take is not None:
            take.write(instruction)
        notes = [film.trouble] if film is not None and film.trouble else []
        notes += _keep_record(env, Path(order.record)) if order.record else []
        trail = _trail(rewards, spec.id)
        packed, action_digest = pack_actions(actions)
        return Finished(
            plan=order.plan,
            success=once if spec.success_rule == "once" else bool(info["success"]),
            total_reward=float(sum(rewards)),
            steps=len(rewards),
            metrics={name: float(value) for name, value in info.get("metrics", {}).items()},
            instruction=instruction,
            packed_actions=packed,
            action_digest=action_digest,
            reward_digest=hashlib.sha256(trail.data).hexdigest(),
            start_digest=start_digest,
            end_digest=observation_digest(observation),
            render_info=render_info(env),
            notes=tuple(notes),
            **clock.told(),
        )

    def _take(self, order: Play, first: Any, info: Any) -> Take | None:
        """What plays and writes down an episode that is for a data set."""
        if order.recording is None:
            return None
        assert self._spec is not None
        try:
            return Take(order.recording, self._spec, self._env, order.plan.seed, first, info)
        except Exception as error:
            raise _AgentRaised from error

    def _decider(self, order: Play, first: Any, info: Any) -> Callable[[Any], Any]:
        """Who says what to do: the parent's agent, the oracle, or a recording."""
        if order.actions is not None:
            return self._from_recording(order.actions)
        if order.oracle:
            return self._from_oracle(first, info)
        return self._ask

    def _ask(self, observation: Mapping[str, Any]) -> Any:
        channel = self._channel
        channel.write_observation(observation)
        channel.words[STATUS] = WAITING
        seen = channel.words[REQUEST]
        channel.signal(RESPONSE)
        if not channel.await_change(REQUEST, seen, self._spin, self._control.fileno()):
            raise _ParentGone
        return channel.read_action()

    def _from_recording(self, recorded: tuple[Any, ...]) -> Callable[[Any], Any]:
        remaining = iter(recorded)

        def decide(_: Any) -> Any:
            try:
                return self._check(next(remaining))
            except StopIteration:
                raise _AgentRaised from InvalidAction("the recording ends before the episode does")
            except InvalidAction as error:
                raise _AgentRaised from error

        return decide

    def _from_oracle(self, first: Any, info: Any) -> Callable[[Any], Any]:
        assert self._spec is not None
        if self._spec.oracle is None:
            raise _AgentRaised from InvalidAction(f"{self._spec.id} has no oracle")
        try:
            oracle = load_object(self._spec.oracle)(self._env)
            oracle.reset(first, info)
        except Exception as error:
            raise _AgentRaised from error

        return _guarded(lambda observation: self._check(oracle.act(observation)))


def _guarded(decide: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, but what an oracle raises is named as its own."""

    def guarded(observation: Any) -> Any:
        try:
            return decide(observation)
        except Exception as error:
            raise _AgentRaised from error

    return guarded


def _trail(rewards: list[float], task: str) -> NDArray[np.float64]:
    """An episode's rewards, little-endian.

    Raises:
        ValueError: one is not finite.
    """
    trail = np.asarray(rewards, "<f8")
    if not np.isfinite(trail).all():
        raise ValueError(f"{task} gave a reward that is not finite")
    return trail


def _keep_record(env: gymnasium.Env[Any, Any], path: Path) -> list[str]:
    """Lets the environment write its own log of the episode; what went wrong, if anything did."""
    inner = env.unwrapped
    if not isinstance(inner, Recording):
        return ["it keeps no log of its own"]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        inner.keep_record(path)
    except (OSError, PolyathlonError) as error:
        return [f"no log: {error}"]  # As with pictures: a courtesy, which may not cost a score.
    return []


def _raised(kind: str, error: BaseException) -> Raised:
    user = isinstance(error, PolyathlonError) and not isinstance(error, InvalidAction)
    text = str(error) if user else f"{type(error).__name__}: {error}"
    lines = "".join(traceback.format_exception(error)) if not user else ""
    return Raised(kind=kind, message=text[:2000], traceback=lines[-8000:], user=user)


def _die_with_parent(parent: int) -> None:
    """Asks Linux to kill this process when its parent ends; elsewhere the socket tells."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def main(arguments: list[str]) -> None:
    """Serves one slot: parent's process id, control, memory, bell to the parent, own bell."""
    parent, control_end, memory, bell_out, bell_in = map(int, arguments)
    _die_with_parent(parent)
    for descriptor in (control_end, memory, bell_out, bell_in):
        os.set_inheritable(descriptor, False)  # A simulator's own children must not hold them.
    faulthandler.enable()
    keep_freed_memory()
    # Ctrl-C reaches the parent alone, which then closes its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Control(socket.socket(fileno=control_end), ToWorker)
    channel = Channel(memory, bell_out, bell_in, mine=WORKER_SLEEPS, theirs=PARENT_SLEEPS)
    worker = Worker(control, channel)
    try:
        worker.serve()
    finally:
        worker.close()
