"""Small worlds for tests: one that is sound, and one for each way in which a worker can fail.

The folder is put on the import path; its metadata beside it make it a distribution, so that the
family is found by entry point alone. With a folder for a marker, named as an argument or by
FAULTY_MARKER, a world fails the first time only and leaves a file there.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

from polyathlon.core.specs import Embodiment, Family, TaskSpec

FAULTS = (
    "raise", "kill", "segfault", "exit", "hang", "hang-stubborn", "nan-reward", "reset-raise",
    "reset-hang", "render-hang", "memory", "make-raise", "make-hang", "make-exit",
    "grandchild-kill", "no-success-key",
)  # fmt: skip
LENGTH = 20


class FaultyWorld(gymnasium.Env[Any, Any]):
    """A walk whose reward is the action times the hidden number; fails if told to.

    Args:
        fault: how; one of ``FAULTS``.
        observations: what is shown.
        render_mode: of a film.
        body: ``continuous`` or ``discrete``.
        step_seconds: that a step keeps a core busy for.
        rest_seconds: that a step waits for.
        length: steps of an episode.
        image: side of the picture.
        marker: folder in which it is noted that it has failed.
        fault_step: the step at which it fails.
        spared: so many episodes come before the one that it fails in.
    """

    render_info: ClassVar = {"backend": "none"}

    def __init__(
        self,
        fault: str = "",
        observations: tuple[str, ...] = ("state", "instruction"),
        render_mode: str | None = None,
        body: str = "continuous",
        step_seconds: float = 0.0,
        length: int = LENGTH,
        image: int = 0,
        rest_seconds: float = 0.0,
        marker: str = "",
        fault_step: int = 5,
        spared: int = 0,
    ) -> None:
        self.fault, self.fields = fault, observations
        self.step_seconds, self.rest_seconds, self.length = step_seconds, rest_seconds, length
        self.marker = marker or os.environ.get("FAULTY_MARKER", "")
        self.fault_step, self._spared = fault_step, spared
        self.render_mode = render_mode
        state = spaces.Box(-np.inf, np.inf, (4,), np.float32)
        known = {
            "state": state,
            "instruction": spaces.Text(100, min_length=0),
            "rgb": spaces.Box(0, 255, (image or 16, image or 16, 3), np.uint8),
        }
        self.observation_space = spaces.Dict({name: known[name] for name in observations})
        self.action_space = (
            spaces.Box(-1, 1, (2,), np.float32) if body == "continuous" else spaces.Discrete(5)
        )
        self._maybe("make-")

    def _maybe(self, stage: str) -> None:
        if not self.fault or not self.fault.startswith(stage):
            return
        if self.marker:
            file = Path(self.marker) / self.fault
            if file.exists():
                return
            file.touch()
        getattr(self, "_" + self.fault.removeprefix(stage).replace("-", "_"))()

    def _raise(self) -> None:
        raise RuntimeError("the world broke, as planned")

    def _kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _segfault(self) -> None:
        ctypes.string_at(0)

    def _exit(self) -> None:
        print("last words of the world", flush=True)
        os._exit(7)

    def _hang(self) -> None:
        time.sleep(600)

    def _hang_stubborn(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)

    def _memory(self) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        room = pages * resource.getpagesize() + (64 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        bytearray(256 << 20)

    def _nan_reward(self) -> None:
        self._reward = float("nan")

    def _grandchild_kill(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note = os.environ.get("FAULTY_GRANDCHILD") or Path(self.marker) / "grandchild"
        Path(note).write_text(str(child.pid))
        self._kill()

    def _no_success_key(self) -> None:
        self._info = {}

    def _observe(self) -> dict[str, Any]:
        picture = self.observation_space.spaces.get("rgb")
        known = {
            "state": self._state.astype(np.float32),
            "instruction": f"Guess {int(self._state[0] * 1000)}",
            "rgb": None if picture is None else np.full(picture.shape, self._steps, np.uint8),
        }
        return {name: known[name] for name in self.fields}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._state = self.np_random.uniform(-1, 1, 4)
        self._steps, self._reward, self._info = 0, 0.0, {"success": False}
        self._spared -= 1
        if self._spared < 0:
            self._maybe("reset-")
        return self._observe(), {"success": False}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        self._reward = float(np.mean(action)) * float(self._state[0])
        elsewhere = self.fault.startswith(("make-", "reset-", "render-"))
        if self._steps == self.fault_step and self._spared < 0 and not elsewhere:
            self._maybe("")
        if self.rest_seconds:
            time.sleep(self.rest_seconds)
        if self.step_seconds:
            until = time.perf_counter() + self.step_seconds
            while time.perf_counter() < until:
                pass
        self._state = self._state + 0.01 * self.np_random.normal(size=4)
        over = self._steps >= self.length
        info = {**self._info}
        if info:
            info["success"] = bool(over and self._state[1] > 0)
            info["metrics"] = {"last_state": float(self._state[1])}
        return self._observe(), self._reward, over, False, info

    def render(self) -> Any:
        if self._steps >= self.fault_step and self._spared < 0:
            self._maybe("render-")
        return np.full((16, 16, 3), self._steps, np.uint8)


class NullWorld(gymnasium.Env[Any, Any]):
    """Does nothing, as fast as Python can: what is left is the cost of the harness."""

    render_info: ClassVar = {"backend": "none"}
    action_space = spaces.Discrete(5)

    def __init__(
        self,
        observations: tuple[str, ...] = ("state",),
        render_mode: str | None = None,
        image: int = 0,
    ) -> None:
        known: dict[str, Any] = {
            "state": spaces.Box(-1, 1, (8,), np.float32),
            "rgb": spaces.Box(0, 255, (image or 84, image or 84, 3), np.uint8),
        }
        self.observation_space = spaces.Dict({name: known[name] for name in observations})
        self._observation = {
            name: np.zeros(known[name].shape, known[name].dtype) for name in observations
        }
        self._info = {"success": False}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self._observation, self._info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self._observation, 0.0, False, False, self._info


class WalkOracle:
    """Always goes up."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._space = env.action_space

    def reset(self, observation: Any, info: Any) -> None:
        pass

    def act(self, observation: Any) -> Any:
        return 4 if isinstance(self._space, spaces.Discrete) else np.ones(2, np.float32)


def _body(kind: str) -> Embodiment:
    if kind == "discrete":
        return Embodiment(id="toy-five", kind="discrete", action_names=tuple("abcde"))
    return Embodiment(
        id="toy-walker", kind="continuous", action_names=("x", "y"), action_units=("1", "1"),
        low=(-1.0, -1.0), high=(1.0, 1.0),
    )  # fmt: skip


def _task(name: str, body: str = "continuous", steps: int = LENGTH + 10, **kwargs: Any) -> TaskSpec:
    null = name == "null"
    return TaskSpec(
        id=f"faulty.{name}-v0",
        entry_point=f"faulty_worlds:{'NullWorld' if null else 'FaultyWorld'}",
        embodiment=_body("discrete" if null else body),
        instruction="Walk.",
        max_episode_steps=steps,
        kwargs=kwargs if null else {"body": body, **kwargs},
        observations=("rgb", "state") if null else ("rgb", "state", "instruction"),
        default_observations=("state",) if null else ("state", "instruction"),
        oracle=None if null else "faulty_worlds:WalkOracle",
        success_rule="end",
        tags=("faulty",),
        no_op=0 if body == "discrete" else None,
    )


FAMILY = Family(
    name="faulty",
    title="Worlds that fail as planned",
    extra="none",
    packages=(),
    tasks=(
        _task("sound"),
        _task("sound-discrete", body="discrete"),
        _task("slow", step_seconds=0.002),
        _task("null", steps=1000),
        *(_task(fault, fault=fault) for fault in FAULTS),
    ),
)
