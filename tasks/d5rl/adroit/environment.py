"""The hand's tasks for Gymnasium: upstream's physics and senses, D5RL's rewards."""

from __future__ import annotations

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
from ..robotics import load_robotics
from .goal import GOALS, reward_of

WORLDS = {
    "pen": "AdroitHandPenEnv",
    "door": "AdroitHandDoorEnv",
    "hammer": "AdroitHandHammerEnv",
    "relocate": "AdroitHandRelocateEnv",
}
"""Task to upstream's class (``gymnasium_robotics/envs/adroit_hand``)."""

CAMERAS = ("vil_camera", "fixed")
"""Upstream's, of which the second is nearer."""


class AdroitHand(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """An anthropomorphic hand, and one thing to be done with it.

    Actions are float32 in [-1, 1], a number a motor (``hand.body_of``): where its joint is to be.
    The reward of a step is 0 if the goal is reached after it, -1 if not. Nothing ends an episode
    before the horizon.

    ``info["metrics"]`` has the figures by which the goal is judged (``goal.GOALS``).

    Args:
        task: ``pen``, ``door``, ``hammer`` or ``relocate``.
        instruction: the words of every episode.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render()``: a side or (height, width) [px].
        render_profile: ``fast`` (no shadows or reflections) or ``full``.
        render_mode: ``rgb_array`` or None.
        camera: a name in ``CAMERAS``.

    Raises:
        MissingExtra: ``gymnasium_robotics`` or ``mujoco`` is not installed.
        BadArgument: a value that is not offered.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 100}  # noqa: RUF012

    def __init__(
        self,
        task: str,
        instruction: str,
        observations: Sequence[str] = ("state",),
        image_size: ImageSize = 128,
        render_profile: str = "fast",
        render_mode: str | None = None,
        camera: str = CAMERAS[0],
    ) -> None:
        from ...camera import Camera
        from ...rendering import check_profile

        if task not in WORLDS:
            raise BadArgument(f"no task {task!r} of the hand; choose one of: {', '.join(WORLDS)}")
        self._fields = parse_fields(observations, USUAL_FIELDS, "adroit")
        self._size = parse_image_size(image_size)
        check_profile(render_profile)
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(f"render_mode is {render_mode!r}; the hand offers 'rgb_array'")
        if camera not in CAMERAS:
            raise BadArgument(f"no camera {camera!r}; choose one of: {', '.join(CAMERAS)}")
        self.render_mode = render_mode
        self._instruction, self._goal = instruction, GOALS[task]
        load_robotics("adroit")
        from gymnasium_robotics.envs import adroit_hand

        self._world: Any = getattr(adroit_hand, WORLDS[task])(reward_type="sparse")
        looked_at = "rgb" in self._fields or render_mode is not None
        self._camera = Camera(self._size, render_profile, camera, wanted=looked_at)
        self._seen: NDArray[np.float64] | None = None
        size = self._world.action_space.shape
        self.action_space = spaces.Box(-1.0, 1.0, size, np.float32)
        # Velocities have no honest bound.
        seen = spaces.Box(-np.inf, np.inf, self._world.observation_space.shape, np.float32)
        self.observation_space = observation_space(self._fields, self._size, seen)

    @property
    def model(self) -> Any:
        """The ``mujoco.MjModel`` that runs now. Not to be changed."""
        return self._world.model

    @property
    def data(self) -> Any:
        """The ``mujoco.MjData`` that runs now. Not to be changed."""
        return self._world.data

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        return self._camera.info

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode; where things stand depends on the seed alone.

        A pen may point where it should from the start: success is said of steps only.
        """
        super().reset(seed=seed)
        self._seen, _ = self._world.reset(seed=int(self.np_random.integers(2**31)))
        return self._observe(), {"success": False, "metrics": self._goal.measure(self.data)}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step of 10 ms; what an action has beyond -1 or 1 counts as these.

        Raises:
            InvalidAction: not a finite number for every motor.
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._seen is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        self._seen, *_ = self._world.step(limited(action, self._world.model.nu, "the hand"))
        measured = self._goal.measure(self.data)
        reached = self._goal.reached(**measured)
        info = {"success": reached, "metrics": measured}
        return self._observe(), reward_of(reached), False, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]`, or None without ``render_mode``."""
        return None if self.render_mode is None else self._picture()

    def close(self) -> None:
        """Frees the renderer; may be called twice."""
        self._camera.close()

    def _observe(self) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for field in self._fields:
            if field == "rgb":
                known[field] = self._picture()
            elif field == "state":
                assert self._seen is not None
                known[field] = self._seen.astype(np.float32)
            else:
                known[field] = self._instruction
        return known

    def _picture(self) -> NDArray[np.uint8]:
        return self._camera.draw(self.model, self.data)
