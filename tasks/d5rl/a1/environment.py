"""The A1's tasks for Gymnasium."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ....core.errors import BadArgument
from ....core.specs import USUAL_FIELDS
from ...observation import ImageSize, observation_space, parse_fields, parse_image_size
from ..action import limited
from .pose import JOINTS, target_of
from .reward import Motion, hike_reward, walk_reward
from .simulation import CONTROL_STEP, START_NOISE, Simulation
from .terrain import GOALS_X, HALF_WIDTH, START_X

STATE_SIZE = 58
"""Of ``Simulation.senses``; hiking puts the goal's bearing before it."""

CAMERAS = ("follow", "side")
"""Both follow the robot without turning with it."""

PACE = 0.2
"""A walk succeeds if its mean speed is within this share of what was asked for."""

GOAL_REACHED = 0.1
"""A goal is reached within this distance [m] (upstream's)."""

GOAL_PASSED = 0.5
"""It also counts as reached when the robot passes it this near [m]. Ours: one who has walked past
would have to turn round otherwise."""

SUCCESSFUL_GOALS = 3
"""A hike succeeds at its third goal, beyond the first hill: the fourth is 60 m away, farther than
the speed asked for leads in an episode."""


class A1(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """What the tasks share: body, senses, pictures. Not a task of its own.

    Actions are float32 `[12]` in [-1, 1]: targets of the joints' position controllers
    (``pose.target_of``). An episode ends when the robot falls.

    Args:
        ground: a name in ``simulation.GROUNDS``.
        instruction: the words of every episode.
        speed: to keep [m/s].
        start_noise: joints begin within so much of standing [rad]; 0 is upstream's start.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render()``: a side or (height, width) [px].
        render_profile: ``fast`` (no shadows or reflections) or ``full``.
        render_mode: ``rgb_array`` or None.
        camera: a name in ``CAMERAS``.

    Raises:
        MissingExtra: ``mujoco`` is not installed.
        BadArgument: a value that is not offered.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012
    state_size = STATE_SIZE

    def __init__(
        self,
        *,
        ground: str,
        instruction: str,
        speed: float,
        start_noise: float = START_NOISE,
        observations: Sequence[str] = ("state",),
        image_size: ImageSize = 224,
        render_profile: str = "fast",
        render_mode: str | None = None,
        camera: str = CAMERAS[0],
    ) -> None:
        from ...camera import Camera
        from ...rendering import check_profile

        self._fields = parse_fields(observations, USUAL_FIELDS, "d5rl")
        self._size = parse_image_size(image_size)
        check_profile(render_profile)
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(f"render_mode is {render_mode!r}; d5rl offers 'rgb_array'")
        if camera not in CAMERAS:
            raise BadArgument(f"no camera {camera!r}; choose one of: {', '.join(CAMERAS)}")
        if not 0 < speed < math.inf or not 0 <= start_noise <= math.pi:
            raise BadArgument(
                f"speed is {speed!r} [m/s] and start_noise {start_noise!r} [rad]; "
                "the one is positive, the other from 0 to pi"
            )
        self.speed, self.render_mode = float(speed), render_mode
        self._noise, self._instruction = float(start_noise), instruction
        self.simulation = Simulation(ground)
        looked_at = "rgb" in self._fields or render_mode is not None
        self._camera = Camera(self._size, render_profile, camera, wanted=looked_at)
        self._running = False
        self.action_space = spaces.Box(-1.0, 1.0, (len(JOINTS),), np.float32)
        # Velocities have no honest bound.
        self.observation_space = observation_space(
            self._fields, self._size, spaces.Box(-np.inf, np.inf, (self.state_size,), np.float32)
        )

    @property
    def bearing(self) -> float:
        """Where the way leads, as the trunk sees it, left positive [rad]."""
        return -self.simulation.motion().yaw

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        return self._camera.info

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode; start and ground depend on the seed alone."""
        super().reset(seed=seed)
        self.simulation.reset(self.np_random, self._noise)
        self._steps, self._running = 0, True
        self._begin()
        return self._observe(), self._info(self.simulation.motion())

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step of 50 ms; what an action has beyond -1 or 1 counts as these.

        Raises:
            InvalidAction: not twelve finite numbers.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if not self._running:
            raise gymnasium.error.ResetNeeded("no episode is running; call reset()")
        self.simulation.step(target_of(limited(action, len(JOINTS), "the A1")))
        self._steps += 1
        motion = self.simulation.motion()
        reward = self._reward(motion)
        self._running = not self._over(motion)
        return self._observe(), reward, not self._running, False, self._info(motion)

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]`, or None without ``render_mode``."""
        return None if self.render_mode is None else self._picture()

    def close(self) -> None:
        """Frees the renderer; may be called twice."""
        self._camera.close()

    def _begin(self) -> None:
        """An episode begins."""
        raise NotImplementedError

    def _reward(self, motion: Motion) -> float:
        """What a step was worth."""
        raise NotImplementedError

    def _info(self, motion: Motion) -> dict[str, Any]:
        """Success and metrics."""
        raise NotImplementedError

    def _over(self, motion: Motion) -> bool:
        return motion.fallen

    def _senses(self) -> NDArray[np.float64]:
        return self.simulation.senses()

    def _picture(self) -> NDArray[np.uint8]:
        return self._camera.draw(self.simulation.model, self.simulation.data)

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "rgb" in self._fields:
            seen["rgb"] = self._picture()
        if "state" in self._fields:
            seen["state"] = self._senses().astype(np.float32)
        if "instruction" in self._fields:
            seen["instruction"] = self._instruction
        return seen


class A1Walk(A1):
    """Walk along x at a speed.

    ``info["metrics"]``: ``speed``, the mean along x up to now [m/s], and ``fallen`` (0 or 1).
    Success is said in the last step: upright, and the mean speed within 20% of what was asked
    for.

    Args:
        speed: to keep [m/s].
        horizon: length of an episode, in whose last step success is judged [steps].
        **settings: as for :class:`A1`, without ``ground`` and ``instruction``.

    Raises:
        BadArgument: a value that is not offered.
    """

    def __init__(self, speed: float, horizon: int = 400, **settings: Any) -> None:
        words = f"Walk straight ahead at {speed:g} m/s."
        super().__init__(ground="plain", instruction=words, speed=speed, **settings)
        self._horizon = horizon

    def _begin(self) -> None:
        pass

    def _reward(self, motion: Motion) -> float:
        return walk_reward(motion, self.speed)

    def _info(self, motion: Motion) -> dict[str, Any]:
        elapsed = self._steps * CONTROL_STEP
        speed = self.simulation.place()[0] / elapsed if elapsed else 0.0
        kept = abs(speed - self.speed) <= PACE * self.speed
        success = self._steps >= self._horizon and kept and not motion.fallen
        return {"success": success, "metrics": {"speed": speed, "fallen": float(motion.fallen)}}


class A1Hike(A1):
    """Walk a course of bumps and hills from goal to goal.

    ``state`` begins with the bearing of the goal [rad], left positive. After the last goal the way
    leads straight on. Bumps are drawn anew for every episode, which ends when the robot falls or
    leaves the course sideways.

    ``info["metrics"]``: ``goals`` reached, ``distance`` covered along the course [m], ``fallen``
    (0 or 1). Success is the third goal reached.

    Args:
        speed: to keep [m/s].
        **settings: as for :class:`A1`, without ``ground`` and ``instruction``.
    """

    state_size = STATE_SIZE + 1

    def __init__(self, speed: float = 1.0, **settings: Any) -> None:
        words = f"Hike over the hills from one goal to the next at {speed:g} m/s."
        super().__init__(ground="hills", instruction=words, speed=speed, **settings)

    @property
    def bearing(self) -> float:
        """Where the next goal is, as the trunk sees it, left positive [rad]."""
        yaw = self.simulation.motion().yaw
        if self._goals == len(GOALS_X):
            return -yaw
        x, y = self.simulation.place()
        off = math.atan2(-y, GOALS_X[self._goals] - x) - yaw
        return math.remainder(off, 2 * math.pi)

    def _begin(self) -> None:
        self._goals = 0
        # A picture's context keeps the ground that it was made with.
        self.close()

    def _reward(self, motion: Motion) -> float:
        x, y = self.simulation.place()
        if self._goals < len(GOALS_X) and _reached(x - GOALS_X[self._goals], y):
            self._goals += 1
        return hike_reward(motion, self.speed, self.bearing)

    def _over(self, motion: Motion) -> bool:
        return motion.fallen or abs(self.simulation.place()[1]) > HALF_WIDTH

    def _senses(self) -> NDArray[np.float64]:
        return np.concatenate(([self.bearing], self.simulation.senses()))

    def _info(self, motion: Motion) -> dict[str, Any]:
        metrics = {
            "goals": float(self._goals),
            "distance": self.simulation.place()[0] - START_X,
            "fallen": float(motion.fallen),
        }
        return {"success": self._goals >= SUCCESSFUL_GOALS, "metrics": metrics}


def _reached(ahead: float, aside: float) -> bool:
    """Whether a goal is reached from a place so far ahead of it and beside it [m]."""
    near = math.hypot(ahead, aside) < GOAL_REACHED
    return near or (ahead >= 0 and abs(aside) < GOAL_PASSED)
