"""Meta-World: 50 manipulation tasks of a Sawyer arm, simulated by the ``metaworld`` package.

The goal is part of ``state``, as in the multi-task (MT) benchmarks. Start states come from the
seed alone: upstream's own ``reset(seed)`` leaves the seed aside and draws from NumPy's global
generator. For the same draw, start and trajectory are those of upstream's ``set_task``.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, InvalidAction, MissingExtra
from ..core.specs import USUAL_FIELDS, Embodiment, Family, TaskSpec
from .observation import ImageSize, observation_space, parse_fields, parse_image_size

SAWYER = Embodiment(
    id="sawyer-xyz",
    kind="continuous",
    action_names=("dx", "dy", "dz", "gripper"),
    # 1 moves the hand's target by 1 cm a step (action_scale, metaworld/sawyer_xyz_env.py); the
    # gripper's entry is an effort.
    action_units=("1", "1", "1", "1"),
    frame="world",
    control_hz=80.0,  # timestep 0.0025 s times frame_skip 5 (metaworld/sawyer_xyz_env.py)
    low=(-1.0, -1.0, -1.0, -1.0),
    high=(1.0, 1.0, 1.0, 1.0),
    gripper="+1 closes, -1 opens",
)
"""The arm's hand moves in a box and keeps its orientation."""

NO_OP = (0.0, 0.0, 0.0, 0.0)
"""The hand stays. The fingers are pressed neither way: what they hold may slip."""

HORIZON = 500
"""``max_path_length`` of metaworld/sawyer_xyz_env.py [steps]."""

STATE_SIZE = 39
"""Hand, gripper and objects now (18), the same one step before (18), goal (3)."""

INSTRUCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "assembly-v3": "Pick up the ring by its handle and drop it over the peg.",
        "basketball-v3": "Put the ball through the hoop.",
        "bin-picking-v3": "Move the cube from the first bin to the second bin.",
        "box-close-v3": "Put the lid on the box.",
        "button-press-topdown-v3": "Press the button down from above.",
        "button-press-topdown-wall-v3": "Go over the wall and press the button down from above.",
        "button-press-v3": "Push the button in.",
        "button-press-wall-v3": "Get past the wall and push the button in.",
        "coffee-button-v3": "Start the coffee machine by pressing its button.",
        "coffee-pull-v3": "Pull the mug away from the coffee machine to the goal.",
        "coffee-push-v3": "Push the mug to the goal under the coffee machine.",
        "dial-turn-v3": "Turn the dial half a turn.",
        "disassemble-v3": "Lift the ring off the peg.",
        "door-close-v3": "Shut the safe door.",
        "door-lock-v3": "Lock the door by turning its latch down.",
        "door-open-v3": "Pull the safe door open.",
        "door-unlock-v3": "Unlock the door by turning its latch sideways.",
        "hand-insert-v3": "Reach with the gripper into the hole in the table.",
        "drawer-close-v3": "Push the drawer shut.",
        "drawer-open-v3": "Pull the drawer open.",
        "faucet-open-v3": "Open the faucet by turning its handle.",
        "faucet-close-v3": "Close the faucet by turning its handle.",
        "hammer-v3": "Take the hammer and drive the nail in.",
        "handle-press-side-v3": "Press the handle down, coming from the side.",
        "handle-press-v3": "Press the handle down.",
        "handle-pull-side-v3": "Pull the handle up, coming from the side.",
        "handle-pull-v3": "Pull the handle up.",
        "lever-pull-v3": "Raise the lever until it stands upright.",
        "pick-place-wall-v3": "Carry the puck over the wall and hold it at the goal.",
        "pick-out-of-hole-v3": "Take the puck out of the hole and hold it at the goal.",
        "pick-place-v3": "Pick up the puck and hold it at the goal.",
        "plate-slide-v3": "Slide the plate forward into the cabinet.",
        "plate-slide-side-v3": "Slide the plate sideways into the cabinet.",
        "plate-slide-back-v3": "Slide the plate back out of the cabinet.",
        "plate-slide-back-side-v3": "Slide the plate sideways out of the cabinet.",
        "peg-insert-side-v3": "Insert the peg into the hole in the side of the box.",
        "peg-unplug-side-v3": "Pull the peg out of the side of the box.",
        "soccer-v3": "Push the ball into the net.",
        "stick-push-v3": "Take the stick and push the container to the goal with it.",
        "stick-pull-v3": "Hook the container with the stick and pull it to the goal.",
        "push-v3": "Push the puck to the goal.",
        "push-wall-v3": "Push the puck around the wall to the goal.",
        "push-back-v3": "Drag the puck back to the goal.",
        "reach-v3": "Move the gripper to the goal.",
        "reach-wall-v3": "Move the gripper past the wall to the goal.",
        "shelf-place-v3": "Put the cube on the shelf.",
        "sweep-into-v3": "Sweep the cube into the hole in the table.",
        "sweep-v3": "Sweep the cube off the table.",
        "window-open-v3": "Slide the window open.",
        "window-close-v3": "Slide the window shut.",
    }
)
"""Every task, in upstream's order (metaworld/env_dict.py), and what it asks for."""

_ML45_TEST = frozenset(
    {"bin-picking-v3", "box-close-v3", "hand-insert-v3", "door-lock-v3", "door-unlock-v3"}
)

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "mt10": frozenset(
            {"reach-v3", "push-v3", "pick-place-v3", "door-open-v3", "drawer-open-v3"}
            | {"drawer-close-v3", "button-press-topdown-v3", "peg-insert-side-v3"}
            | {"window-open-v3", "window-close-v3"}
        ),
        "mt50": frozenset(INSTRUCTIONS),
        "ml10-train": frozenset(
            {"reach-v3", "push-v3", "pick-place-v3", "door-open-v3", "drawer-close-v3"}
            | {"button-press-topdown-v3", "peg-insert-side-v3", "window-open-v3"}
            | {"sweep-v3", "basketball-v3"}
        ),
        "ml10-test": frozenset(
            {"drawer-open-v3", "door-close-v3", "shelf-place-v3", "sweep-into-v3", "lever-pull-v3"}
        ),
        "ml45-train": frozenset(INSTRUCTIONS) - _ML45_TEST,
        "ml45-test": _ML45_TEST,
    }
)
"""Upstream's benchmarks by tag (metaworld/env_dict.py)."""

CAMERAS: Mapping[str, bool] = MappingProxyType(
    {
        "corner": True,
        "corner2": True,
        "corner3": True,
        "corner4": True,
        "topview": False,
        "behindGripper": False,
        "gripperPOV": False,
    }
)
"""Upstream's cameras and whether they hang upside down; those pictures are turned upright."""

DEFAULT_CAMERA = "corner4"
"""Shows hand, object and goal of every task in frame, and larger than the others do."""


def _task(name: str, instruction: str) -> TaskSpec:
    return TaskSpec(
        id=f"metaworld.{name}",
        entry_point=f"{__name__}:MetaWorld",
        embodiment=SAWYER,
        instruction=instruction,
        max_episode_steps=HORIZON,
        kwargs={"task": name},
        default_observations=("state", "instruction"),
        oracle=f"{__name__}:scripted_policy",
        determinism="platform",
        renderer="mujoco",
        tags=tuple(tag for tag, names in GROUPS.items() if name in names),
        no_op=NO_OP,
    )


TASKS = tuple(_task(name, instruction) for name, instruction in INSTRUCTIONS.items())

FAMILY = Family(
    name="metaworld",
    title="Meta-World, a Sawyer arm at a table",
    extra="metaworld",
    packages=("metaworld", "mujoco"),
    tasks=TASKS,
    upstream="https://github.com/Farama-Foundation/Metaworld",
)


def _build_world(task: str) -> Any:
    """Upstream's environment of a task, with the goal visible and no task set."""
    from .rendering import prepare

    prepare()
    try:
        from metaworld.env_dict import ALL_V3_ENVIRONMENTS
    except ModuleNotFoundError as error:
        raise MissingExtra("metaworld", "metaworld", error.name or "metaworld") from error
    if task not in INSTRUCTIONS:
        raise BadArgument(f"Meta-World has no task '{task}'; see: polyathlon list metaworld")
    world = ALL_V3_ENVIRONMENTS[task]()
    world._partially_observable = False
    del world.sawyer_observation_space  # cached for a hidden goal
    world._set_task_called = True
    world.seeded_rand_vec = True
    # Time is Gymnasium's TimeLimit's affair; upstream would raise in the step after its own.
    world.max_path_length = sys.maxsize
    return world


def _begin(world: Any, rng: np.random.Generator) -> NDArray[np.float64]:
    """Begins an episode whose start state is drawn from ``rng``; the first state `[39]`.

    Upstream resets in two passes: the first moves bodies of the model, the second begins with
    them in place, with the same draw and a clean simulation, and overwrites all that an
    earlier episode left behind.
    """
    import mujoco

    world.np_random = rng
    for frozen in (False, True):
        mujoco.mj_resetData(world.model, world.data)
        world._freeze_rand_vec = frozen
        state = np.asarray(world.reset_model(), np.float64)
    state[18:36] = state[:18]  # there is no step before the first
    world._prev_obs = state[:18].copy()
    return state


class MetaWorld(gymnasium.Env[dict[str, Any], NDArray[np.float32]]):
    """One Meta-World task.

    Actions are float32 `[4]`: displacement of the hand's target along x, y, z of the world
    (1 is 1 cm a step) and the gripper's effort (+1 closes). Nothing ends an episode before the
    horizon, success included.

    Args:
        task: upstream's name, e.g. ``reach-v3``.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render()``: a side or (height, width) [px].
        render_profile: ``fast`` (no shadows or reflections) or ``full``.
        render_mode: ``rgb_array`` or None.
        camera: a name in ``CAMERAS``.

    Raises:
        MissingExtra: ``metaworld`` or ``mujoco`` is not installed.
        BadArgument: a value that is not offered.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 80}  # noqa: RUF012

    def __init__(
        self,
        task: str,
        observations: Sequence[str] = ("state", "instruction"),
        image_size: ImageSize = 224,
        render_profile: str = "fast",
        render_mode: str | None = None,
        camera: str = DEFAULT_CAMERA,
    ) -> None:
        from .camera import Camera
        from .rendering import check_profile

        self._fields = parse_fields(observations, USUAL_FIELDS, "Meta-World")
        self._size = parse_image_size(image_size)
        check_profile(render_profile)
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(f"render_mode is {render_mode!r}; Meta-World offers 'rgb_array'")
        if camera not in CAMERAS:
            raise BadArgument(f"no camera {camera!r}; choose one of: {', '.join(CAMERAS)}")
        self.task, self.render_mode = task, render_mode
        self._world = _build_world(task)
        looked_at = "rgb" in self._fields or render_mode is not None
        self._camera = Camera(
            self._size, render_profile, camera, wanted=looked_at, half_turn=CAMERAS[camera]
        )
        self._state: NDArray[np.float64] | None = None
        self._succeeded = False
        self.action_space = spaces.Box(-1.0, 1.0, (4,), np.float32)
        # Objects may fall from the table and further: their coordinates have no honest bound.
        self.observation_space = observation_space(
            self._fields,
            self._size,
            spaces.Box(-np.inf, np.inf, (STATE_SIZE,), np.float32),
        )

    @property
    def world_state(self) -> NDArray[np.float64]:
        """Upstream's full state `[39]` in its own precision: the oracle's view.

        Raises:
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        return self._state.copy()

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        return self._camera.info

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode; the start state depends on the seed alone."""
        super().reset(seed=seed)
        self._state = _begin(self._world, self.np_random)
        self._succeeded = False
        return self._observe(), self._info(False)

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step of 12.5 ms.

        Raises:
            InvalidAction: not four finite numbers.
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        chosen = np.asarray(action, np.float32)
        if chosen.shape != (4,) or not np.isfinite(chosen).all():
            raise InvalidAction(f"Meta-World takes 4 finite numbers, not {action!r}")
        self._state, reward, _, _, told = self._world.step(chosen)
        success = bool(told["success"])
        self._succeeded |= success
        return self._observe(), float(reward), False, False, self._info(success)

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]`, or None without ``render_mode``."""
        return None if self.render_mode is None else self._picture()

    def close(self) -> None:
        """Frees the renderer; may be called twice."""
        self._camera.close()

    def _picture(self) -> NDArray[np.uint8]:
        return self._camera.draw(self._world.model, self._world.data)

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "rgb" in self._fields:
            seen["rgb"] = self._picture()
        if "state" in self._fields:
            seen["state"] = np.array(self._state, np.float32)
        if "instruction" in self._fields:
            seen["instruction"] = INSTRUCTIONS[self.task]
        return seen

    def _info(self, success: bool) -> dict[str, Any]:
        metrics = {"success_once": float(self._succeeded), "success_at_end": float(success)}
        return {"success": success, "metrics": metrics}


class ScriptedPolicy:
    """Upstream's scripted policy of a task, held to the action space that it often leaves.

    Args:
        env: a :class:`MetaWorld`, wrapped or not.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        from metaworld.policies import ENV_POLICY_MAP

        inner = env.unwrapped
        if not isinstance(inner, MetaWorld):
            raise BadArgument(f"Meta-World's policies cannot play {type(inner).__name__}")
        self._env = inner
        policies: Mapping[str, Any] = ENV_POLICY_MAP
        self._make = policies[inner.task]
        self._policy = self._make()

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Forgets the episode before."""
        self._policy = self._make()

    def act(self, observation: Mapping[str, Any]) -> NDArray[np.float32]:
        """The next action, float32 `[4]` in [-1, 1]; looks at the world, not at its arguments."""
        with warnings.catch_warnings():
            # Upstream warns of every component that it emits beyond the action space.
            warnings.simplefilter("ignore")
            action = self._policy.get_action(self._env.world_state)
        return np.clip(np.asarray(action, np.float32), -1.0, 1.0)


def scripted_policy(env: gymnasium.Env[Any, Any]) -> ScriptedPolicy:
    """The oracle of a Meta-World task."""
    return ScriptedPolicy(env)
