"""The kitchen as an environment: upstream's physics and noise, this suite's observations."""

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
from .element import IN_DISTRIBUTION, instruct, parse_elements
from .scene import CAMERAS, build_world, move_in
from .variation import draw_kitchen

STATE_SIZES = {"full": 59, "robot": 9}
"""``full``: positions and velocities of the robot (9, 9), then of the objects (21, 20).
``robot``: its positions alone, which is what D5RL's agents have beside pictures."""

JOINTS = 9
"""Seven of the arm, two fingers."""


class Kitchen(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """A Franka arm in a kitchen where several things are to be done.

    Actions are float32 `[9]`: velocities of seven joints and two fingers, of which 1 is 2 rad/s
    or 2 m/s, held for 80 ms. The reward of a step is the number of elements that are done after
    it. Nothing ends an episode before the horizon.

    Args:
        elements: what is to be done; names in ``element.ELEMENTS``.
        randomized: draw the kitchen anew at each reset, and judge by the strict rule.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render()``: a side or (height, width) [px].
        render_profile: ``fast`` (no shadows or reflections) or ``full``.
        render_mode: ``rgb_array`` or None.
        camera: a name in ``scene.CAMERAS``.
        state: a name in ``STATE_SIZES``.

    Raises:
        MissingExtra: ``gymnasium_robotics`` or ``mujoco`` is not installed.
        BadArgument: a value that is not offered.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 12}  # noqa: RUF012

    def __init__(
        self,
        elements: Sequence[str] = IN_DISTRIBUTION,
        randomized: bool = False,
        observations: Sequence[str] = ("state", "instruction"),
        image_size: ImageSize = 64,
        render_profile: str = "fast",
        render_mode: str | None = None,
        camera: str = "lexa",
        state: str = "full",
    ) -> None:
        from ...camera import Camera
        from ...rendering import check_profile

        self.elements = parse_elements(elements)
        self.randomized, self.render_mode = randomized, render_mode
        self._fields = parse_fields(observations, USUAL_FIELDS, "kitchen")
        self._size = parse_image_size(image_size)
        check_profile(render_profile)
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(f"render_mode is {render_mode!r}; the kitchen offers 'rgb_array'")
        if camera not in CAMERAS:
            raise BadArgument(f"no camera {camera!r}; choose one of: {', '.join(CAMERAS)}")
        if state not in STATE_SIZES:
            raise BadArgument(f"state is {state!r}; choose one of: {', '.join(STATE_SIZES)}")
        self.instruction = instruct(self.elements)
        self._world = build_world([one.name for one in self.elements])
        self._start: NDArray[np.float64] = self._world.robot_env.init_qpos
        looked_at = "rgb" in self._fields or render_mode is not None
        self._camera = Camera(self._size, render_profile, camera, wanted=looked_at)
        self._seen: NDArray[np.float64] | None = None
        self._ever: set[str] = set()
        self.action_space = spaces.Box(-1.0, 1.0, (JOINTS,), np.float32)
        self._state_size = STATE_SIZES[state]
        # A kettle may fall for ever: what is measured has no honest bound.
        self.observation_space = observation_space(
            self._fields,
            self._size,
            spaces.Box(-np.inf, np.inf, (self._state_size,), np.float32),
        )

    @property
    def model(self) -> Any:
        """The ``mujoco.MjModel`` that runs now. Not to be changed."""
        return self._world.model

    @property
    def data(self) -> Any:
        """The ``mujoco.MjData`` that runs now: the expert's view. Not to be changed."""
        return self._world.data

    @property
    def done(self) -> tuple[str, ...]:
        """The elements that are done now, in the order of ``elements``."""
        qpos = self._world.data.qpos
        return tuple(one.name for one in self.elements if one.done(qpos, self.randomized))

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        return self._camera.info

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode.

        The seed fixes the noise of all that will be measured and hence, as upstream steers by
        what it measures, the arm's course.
        """
        super().reset(seed=seed)
        if self.randomized:
            model, qpos = draw_kitchen(self.np_random, self._start)
            self._camera.close()
            move_in(self._world, model)
            self._world.robot_env.init_qpos = qpos
            self._world.robot_env.init_qvel = np.zeros(model.nv)
        told, _ = self._world.reset(seed=int(self.np_random.integers(2**31)))
        self._seen, self._ever = told["observation"], set()
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step of 80 ms; what an action has beyond -1 or 1 counts as these.

        Raises:
            InvalidAction: not nine finite numbers.
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._seen is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        told, *_ = self._world.step(limited(action, JOINTS, "the kitchen"))
        self._seen = told["observation"]
        self._ever.update(self.done)
        return self._observe(), float(len(self.done)), False, False, self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]`, or None without ``render_mode``."""
        return None if self.render_mode is None else self._picture()

    def close(self) -> None:
        """Frees the renderer; may be called twice."""
        self._camera.close()

    def _info(self) -> dict[str, Any]:
        """Success is all done at once; ``manipulated`` counts what was done at any time."""
        done = self.done
        return {
            "success": len(done) == len(self.elements),
            "done": list(done),
            "metrics": {"manipulated": float(len(self._ever))},
        }

    def _observe(self) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for field in self._fields:
            if field == "rgb":
                known[field] = self._picture()
            elif field == "state":
                assert self._seen is not None
                known[field] = self._seen[: self._state_size].astype(np.float32)
            else:
                known[field] = self.instruction
        return known

    def _picture(self) -> NDArray[np.uint8]:
        return self._camera.draw(self.model, self.data)
