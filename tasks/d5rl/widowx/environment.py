"""The WidowX's tasks for Gymnasium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ....core.errors import BadArgument
from ....core.specs import USUAL_FIELDS
from ...observation import ImageSize, observation_space, parse_fields, parse_image_size
from ..action import limited
from .goal import (
    BINS,
    CATEGORIES,
    PAIRS,
    Goal,
    parse_name,
    parse_pair,
    picking_goal,
    sorting_goal,
)
from .scene import CAMERAS
from .simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Sequence


ACTION_SIZE = 7

STATE_SIZES = {"robot": 17, "full": 30}
"""``robot``: ``Simulation.senses`` (7) and the task id (10), which is what D5RL's agents have
beside pictures. ``full``: after these ``Simulation.things`` (13)."""

TASKS = ("sorting", "pickplace")

REWARDS = ("sparse", "d5rl")

OPTIONS = {"sorting": ("pair",), "pickplace": ("pair", "object", "bin")}
"""What ``reset`` may be told, by task."""


def mapped_reward(reward: float) -> float:
    """What D5RL's online training makes of a sparse reward: 10 for 1, -1 for 0."""
    return 11.0 * reward - 1.0


class WidowX(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """A shoe and a toy of five each, and two bins.

    Actions are float32 `[7]` in [-1, 1]: velocity of the hand down, left and ahead (0.2 m/s), its
    turn from pointing down about these three axes (3 rad), velocity of the gripper (positive
    opens). The reward is 1 when everything that the task id names lies in its bin, and no finger
    touches it; this ends the episode. It is 0 before.

    ``info["metrics"]``: ``placed``, how many lie where they belong.

    Args:
        task: ``sorting``, the shoe into the white bin and the toy into the black one, or
            ``pickplace``, one of the two into one of the bins.
        reward: ``sparse``, or ``d5rl``: 10 for 1, -1 for 0.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render()``: a side or (height, width) [px].
        render_profile: ``fast`` (no shadows or reflections) or ``full``.
        render_mode: ``rgb_array`` or None.
        camera: a name in ``scene.CAMERAS``.
        state: a name in ``STATE_SIZES``.

    Attributes:
        simulation: the arm and what lies on its table.
        goal: of the episode.

    Raises:
        MissingExtra: ``mujoco`` is not installed.
        BadArgument: a value that is not offered.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(
        self,
        task: str = TASKS[0],
        reward: str = REWARDS[0],
        observations: Sequence[str] = ("state", "instruction"),
        image_size: ImageSize = 128,
        render_profile: str = "fast",
        render_mode: str | None = None,
        camera: str = CAMERAS[0],
        state: str = "robot",
    ) -> None:
        from ...camera import Camera
        from ...rendering import check_profile

        self._fields = parse_fields(observations, USUAL_FIELDS, "d5rl")
        self._size = parse_image_size(image_size)
        check_profile(render_profile)
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(f"render_mode is {render_mode!r}; d5rl offers 'rgb_array'")
        parse_name("task", task, TASKS)
        parse_name("camera", camera, CAMERAS)
        parse_name("state", state, tuple(STATE_SIZES))
        self._mapped = parse_name("reward", reward, REWARDS) == 1
        self._task, self._state, self.render_mode = task, state, render_mode
        self.simulation = Simulation()
        self.goal: Goal = sorting_goal(PAIRS[0])
        looked_at = "rgb" in self._fields or render_mode is not None
        self._camera = Camera(self._size, render_profile, camera, wanted=looked_at)
        self._running = False
        self.action_space = spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)
        # Velocities have no honest bound, and things may fall off the table.
        self.observation_space = observation_space(
            self._fields,
            self._size,
            spaces.Box(-np.inf, np.inf, (STATE_SIZES[state],), np.float32),
        )

    @property
    def placed(self) -> tuple[bool, ...]:
        """Of the shoe and of the toy, whether it lies where it belongs; never of what may stay."""
        return tuple(
            place is not None and self.simulation.rests_in(number, place)
            for number, place in enumerate(self.goal.bins)
        )

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        return self._camera.info

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode; task and start depend on the seed and the options alone.

        Args:
            seed: of everything that is drawn.
            options: any of ``pair`` (numbers of shoe and toy, which differ) and, for
                ``pickplace``, ``object`` (``shoe`` or ``toy``) and ``bin`` (``white`` or
                ``black``). What is not given is drawn: the pair is one of ``goal.PAIRS``.

        Raises:
            BadArgument: an option that is not offered.
        """
        if not isinstance(options or {}, Mapping):
            raise BadArgument(f"options are {options!r}; give a mapping of names to values")
        wanted = dict(options or {})
        self._check(wanted)
        super().reset(seed=seed)
        self.goal = self._draw_goal(wanted)
        self.simulation.reset(self.np_random, self.goal)
        self._running = True
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step of 50 ms; what an action has beyond -1 or 1 counts as these.

        Raises:
            InvalidAction: not seven finite numbers.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if not self._running:
            raise gymnasium.error.ResetNeeded("no episode is running; call reset()")
        self.simulation.step(limited(action, ACTION_SIZE, "the WidowX"))
        info = self._info()
        reward = float(info["success"])
        self._running = not info["success"]
        return (
            self._observe(),
            mapped_reward(reward) if self._mapped else reward,
            not self._running,
            False,
            info,
        )

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]`, or None without ``render_mode``."""
        return None if self.render_mode is None else self._picture()

    def close(self) -> None:
        """Frees the renderer; may be called twice."""
        self._camera.close()

    def _check(self, options: dict[str, Any]) -> None:
        offered = OPTIONS[self._task]
        for name in options:
            if name not in offered:
                raise BadArgument(
                    f"{self._task} has no option {name!r} of reset; it has: {', '.join(offered)}"
                )
        if "pair" in options:
            options["pair"] = parse_pair(options["pair"])
        if "object" in options:
            options["object"] = parse_name("object", options["object"], CATEGORIES)
        if "bin" in options:
            options["bin"] = parse_name("bin", options["bin"], BINS)

    def _draw_goal(self, options: dict[str, Any]) -> Goal:
        dice = self.np_random
        # Drawn even where it is given: an option changes nothing but what it names.
        pair = PAIRS[int(dice.integers(len(PAIRS)))]
        category, place = int(dice.integers(len(CATEGORIES))), int(dice.integers(len(BINS)))
        pair = options.get("pair", pair)
        if self._task == "sorting":
            return sorting_goal(pair)
        return picking_goal(pair, options.get("object", category), options.get("bin", place))

    def _info(self) -> dict[str, Any]:
        placed = sum(self.placed)
        due = sum(place is not None for place in self.goal.bins)
        return {"success": placed == due, "metrics": {"placed": float(placed)}}

    def _senses(self) -> NDArray[np.float64]:
        parts = [self.simulation.senses(), self.goal.task_id.astype(np.float64)]
        if self._state == "full":
            parts.append(self.simulation.things())
        return np.concatenate(parts)

    def _picture(self) -> NDArray[np.uint8]:
        return self._camera.draw(self.simulation.model, self.simulation.data)

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "rgb" in self._fields:
            seen["rgb"] = self._picture()
        if "state" in self._fields:
            seen["state"] = self._senses().astype(np.float32)
        if "instruction" in self._fields:
            seen["instruction"] = self.goal.instruction
        return seen
