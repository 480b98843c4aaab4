"""Social navigation for Gymnasium: a robot is to reach its goal among people."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument, InvalidAction, MissingExtra
from ...core.specs import SENSES
from ..observation import ImageSize, observation_space, parse_fields, parse_image_size
from ..rendering import check_profile, prepare
from .absence import comparable, without_robot
from .archive import save_log
from .assessment import assess
from .crowd.visibility import Visibility
from .lidar import Lidar
from .log import EpisodeLog
from .onlooker import Onlooker
from .painter import Painter, View
from .percept import Percept, state_space
from .picture import Map, Picture
from .robot import BODIES, Body, body_named
from .scenario import Scenario, make_scenario
from .world import World

FLAT_VIEWS = ("map", "plan")
"""What ``render`` can show without MuJoCo."""

VIEWS = (*FLAT_VIEWS, "head", "third-person", "top-down")
"""What ``render`` can show."""

ACTIONS = ("velocity", "discrete")
"""How a robot is told to move."""

SPEEDS, HEADINGS = 5, 16
"""Speeds and headings of the discrete holonomic robot: CrowdNav's ``speed_samples`` and
``rotation_samples`` (policy.config)."""

MISSING = -1
"""No case was asked for."""


class SocialNavigation(gymnasium.Env[dict[str, Any], Any]):
    """A robot among people, in the plane.

    The action is the velocity that the robot is to take until the next: (vx, vy) [m/s] along the
    world's axes for a holonomic robot, (v, omega) [m/s, rad/s] for one that drives; with
    ``actions="discrete"`` the number of an entry of ``velocities``. ``state`` is described by
    ``percept.state_names``.

    ``info`` holds ``success`` and ``metrics``: ``time`` [s], ``path_length`` [m], ``collisions``
    (contacts with people, walls and things), ``collided`` (0 or 1), ``timeout`` (0 or 1),
    ``min_gap`` (least distance of surfaces from a person, where there is anybody) [m]. With the
    last step come all the figures of ``metric.METRICS`` that are defined for the episode, and
    what a card says of it: ``labelled``, ``ideal`` and each ``failure_...``, 0 or 1. :meth:`log`
    gives everything.

    Args:
        scenario: a name of ``scenario.SCENARIOS``.
        track: whether people mind the robot: ``visible``, ``invisible``, ``aware_no_yield`` or
            ``mixed(p)``.
        robot: a name of ``robot.BODIES``; the protocols of others know one only.
        actions: ``velocity`` or ``discrete``.
        people: places for people in ``state``; None for as many as the scenario has.
        sensor_range: how far people are seen, between surfaces [m]; None for the scenario's.
        field_of_view: in which people are seen, centred on the heading [rad].
        settings: arguments of the scenario.
        assessed: whether all metrics are computed when an episode is over; training does without.
        counterfactual: whether the episode is then played once more without the robot, for what
            the robot has cost people.
        lidar: arguments of the scanner, e.g. ``{"rays": 180}``; see :class:`~.lidar.Lidar`.
        observations: some of ``rgb`` and ``depth`` of the robot's camera, ``lidar``, ``state`` and
            ``instruction``.
        image_size: of pictures and of ``render`` [px].
        render_profile: ``fast`` or ``full``, of what MuJoCo draws.
        render_mode: ``rgb_array`` or None.
        render_view: what ``render`` shows: ``map``, everybody's way up to now with time as colour;
            ``plan``, where everybody is now; or what MuJoCo draws from the robot's ``head``, from
            behind it (``third-person``) and from above (``top-down``).

    Raises:
        MissingExtra: ``pyrvo``, ``shapely`` or, for pictures, ``mujoco`` is not installed.
        BadArgument: a value outside the above.
    """

    metadata = {  # noqa: RUF012 - Gymnasium's name
        "render_modes": ["rgb_array"],
        "render_fps": 10,
        # The last picture of the ways holds them all.
        "film": {"of": "render", "still": "last", "side": 256},
    }

    def __init__(
        self,
        scenario: str,
        *,
        track: str = "invisible",
        robot: str | None = None,
        actions: str = "velocity",
        people: int | None = None,
        sensor_range: float | None = None,
        field_of_view: float = 2 * math.pi,
        settings: Mapping[str, Any] | None = None,
        assessed: bool = True,
        counterfactual: bool = True,
        lidar: Mapping[str, Any] | None = None,
        observations: Sequence[str] = ("state",),
        image_size: ImageSize = 256,
        render_profile: str = "fast",
        render_mode: str | None = None,
        render_view: str = "map",
    ) -> None:
        self._scenario = make_scenario(scenario, settings)
        self._assessed, self._counterfactual = bool(assessed), bool(counterfactual)
        self._track = _track(self._scenario, scenario, track)
        self._body = _body(self._scenario, scenario, robot)
        _check_choice("actions", actions, ACTIONS)
        check_profile(render_profile)
        _check_choice("render_mode", render_mode, (None, "rgb_array"))
        _check_choice("render_view", render_view, VIEWS)
        most = self._scenario.people if people is None else people
        if not (isinstance(most, int) and 1 <= most <= 10_000):
            raise BadArgument(f"people is {people!r}; it is a whole number from 1 to 10000")
        reach = self._scenario.sensor_range if sensor_range is None else float(sensor_range)
        if not reach > 0 or not 0 < field_of_view <= 2 * math.pi + 1e-9:
            raise BadArgument(
                f"sensor_range is {sensor_range!r} and field_of_view {field_of_view!r}; "
                "the one is positive [m], the other above 0 and at most 2 pi [rad]"
            )
        self._fields = parse_fields(observations, SENSES, "socialnav")
        self._size = parse_image_size(image_size)
        self.render_mode = render_mode
        self.velocities = _velocities(self._body) if actions == "discrete" else None
        self.action_space = _action_space(self._body, self.velocities)
        scanner = _scanner(lidar)
        self.observation_space = observation_space(
            self._fields, self._size, state_space(most), (scanner.rays, scanner.reach)
        )
        self._percept = Percept(most, reach, field_of_view)
        self._picture = Picture(self._size) if render_view == "plan" else Map(self._size)
        self._view = render_view
        seen = bool({"rgb", "depth"}.intersection(self._fields))
        if render_mode is not None and render_view not in FLAT_VIEWS:
            seen = True
        self._painter = _painter(self._size, render_profile) if seen else None
        self._onlooker = (
            Onlooker(self._painter, scanner) if seen or "lidar" in self._fields else None
        )
        self._world: World | None = None
        self._over = True

    @property
    def world(self) -> World:
        """The running world: what oracles see.

        Raises:
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._world is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        return self._world

    @property
    def render_info(self) -> dict[str, str]:
        """What draws: MuJoCo (``backend``, ``profile``, ``device``), our own code, or nothing."""
        if self._painter is not None:
            return dict(self._painter.info)
        return {"backend": "none" if self.render_mode is None else "native"}

    def log(self) -> EpisodeLog:
        """The episode up to now, step by step."""
        return self.world.log()

    def alone(self) -> EpisodeLog | None:
        """The episode up to now as it would have been without the robot, from the same dice.

        None where that is not wanted, and where people and robot are to do something together.
        """
        case, dice = self._begun
        setup = self._scenario.setup(case, copy.deepcopy(dice), self._body, self._track)
        if not (self._counterfactual and comparable(setup)):
            return None
        return without_robot(setup, self._seed, self.world.steps)

    def keep_record(self, path: Path) -> None:
        """Writes the episode's log to ``PATH.npz``.

        The one without the robot goes to ``PATH.alone.npz``, if there is one.

        Raises:
            RunDirectoryError: the disk refused.
        """
        save_log(path.with_name(path.name + ".npz"), self.log())
        alone = self.alone()
        if alone is not None:
            save_log(path.with_name(path.name + ".alone.npz"), alone)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode.

        Args:
            seed: of everything that is drawn, and of which case is played where cases are
                numbered.
            options: ``{"episode": n}`` plays case n, which counts from 0.

        Raises:
            BadArgument: there is no such case, or no such option.
        """
        super().reset(seed=seed)
        count = self._scenario.cases
        asked = _asked_for(options, count)
        drawn = int(self.np_random.integers(count)) if count else 0
        case = drawn if asked == MISSING else asked
        self._begun = case, copy.deepcopy(self.np_random)
        setup = self._scenario.setup(case, self.np_random, self._body, self._track)
        self._world = World(setup.crowd, setup.rules)
        self._seed = int(self.np_random.integers(2**53))
        self._world.reset(setup.scene, self._seed)
        self._percept.reset(self._world)
        if self._onlooker is not None:
            self._onlooker.reset(self._world, self._seed)
        if self.render_mode is not None:
            self._picture.reset(self._world)
        self._length, self._gap, self._contacts = 0.0, math.inf, 0
        self._over = False
        return self._observe(), self._info(False, False)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step.

        Raises:
            InvalidAction: not two finite numbers, or not a number of ``velocities``.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if self._over or self._world is None:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        world, before = self._world, self._world.robot.pos
        verdict = world.step(self._velocity(action))
        if self._onlooker is not None:
            self._onlooker.step(world)
        way = world.robot.pos - before
        self._length += math.hypot(way[0], way[1])
        self._gap = min(self._gap, verdict.gap)
        self._contacts += sum(event.kind.startswith("collision") for event in verdict.events)
        self._over = verdict.over
        ended = verdict.over and not verdict.late
        info = self._info(verdict.success, verdict.late)
        if self._over and self._assessed:
            info["metrics"] |= assess(world.log(), self.alone())
        return self._observe(), float(verdict.reward), ended, verdict.late, info

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]` of the chosen view, or None without ``render_mode``."""
        if self.render_mode is None:
            return None
        if self._view in FLAT_VIEWS:
            return self._picture.draw(self.world)
        assert self._onlooker is not None
        return self._onlooker.rgb(self.world, cast(View, self._view))

    def close(self) -> None:
        """Frees what draws; may be called twice."""
        if self._painter is not None:
            self._painter.close()

    def _velocity(self, action: Any) -> list[float]:
        if self.velocities is not None:
            index = _checked_index(action, len(self.velocities))
            return list(self.velocities[index].tolist())
        chosen = np.asarray(action)
        if chosen.shape != (2,) or chosen.dtype.kind not in "fiu":
            raise InvalidAction(f"socialnav takes 2 finite numbers, not {action!r}")
        first, second = chosen.tolist()
        if not (math.isfinite(first) and math.isfinite(second)):
            raise InvalidAction(f"socialnav takes 2 finite numbers, not {action!r}")
        return [first, second]

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if self._onlooker is not None:
            seen = self._sensed(self._onlooker)
        if "state" in self._fields:
            seen["state"] = self._percept.read(self.world)
        if "instruction" in self._fields:
            seen["instruction"] = self.world.scene.instruction
        return seen

    def _sensed(self, onlooker: Onlooker) -> dict[str, Any]:
        """What camera and scanner measure, in the order of the fields."""
        seen: dict[str, Any] = {}
        if "depth" in self._fields:  # Picture and depth are drawn at once.
            picture, depth = onlooker.rgb_and_depth(self.world)
            seen = {"rgb": picture, "depth": depth} if "rgb" in self._fields else {"depth": depth}
        elif "rgb" in self._fields:
            seen["rgb"] = onlooker.rgb(self.world)
        if "lidar" in self._fields:
            seen["lidar"] = onlooker.scan(self.world)
        return seen

    def _info(self, success: bool, late: bool) -> dict[str, Any]:
        metrics = {
            "time": float(self.world.time),
            "path_length": self._length,
            "collisions": float(self._contacts),
            "collided": float(self._contacts > 0),
            "timeout": float(late),
        }
        if math.isfinite(self._gap):
            metrics["min_gap"] = float(self._gap)
        if self._over:
            metrics.update(self._scenario.finding(self.world))
        return {"success": bool(success), "metrics": metrics}


def _track(scenario: Scenario, name: str, track: str) -> str:
    found = str(Visibility.named(track))
    if found.partition("(")[0] not in scenario.tracks:
        raise BadArgument(
            f"track is {track!r}; scenario '{name}' is played on {', '.join(scenario.tracks)}"
        )
    return found


def _body(scenario: Scenario, name: str, robot: str | None) -> Body:
    own = scenario.body
    if own is None:
        return BODIES["medium"] if robot is None else body_named(robot)
    if robot not in (None, own.id):
        raise BadArgument(
            f"robot is {robot!r}; scenario '{name}' follows a published protocol, "
            f"whose robot is '{own.id}'"
        )
    return own


def _painter(size: tuple[int, int], profile: str) -> Painter:
    """What draws, where MuJoCo is installed."""
    prepare()  # MuJoCo reads what draws when it is imported.
    try:
        import mujoco  # noqa: F401 - to say so now rather than at the first picture
    except ImportError as error:
        raise MissingExtra("socialnav", "socialnav", "mujoco") from error
    return Painter(size, profile)


def _scanner(wanted: Mapping[str, Any] | None) -> Lidar:
    try:
        return Lidar(**(wanted or {}))
    except TypeError as error:
        raise BadArgument(f"lidar: {error}; it takes rays, reach, noise and kernel") from None


def _velocities(body: Body) -> NDArray[np.float64]:
    """The velocities that a discrete robot chooses from, `[N, 2]`; the first is to stand.

    For a holonomic robot CrowdNav's: 5 speeds, spaced exponentially, in 16 directions. For one
    that drives our own: half and full speed and none, with five turning rates.
    """
    if body.kinematics == "holonomic":
        grown = np.exp(np.arange(1, SPEEDS + 1) / SPEEDS) - 1
        speeds = grown / (np.e - 1) * body.v_max
        turn = np.arange(HEADINGS) * (2 * np.pi / HEADINGS)
        ways = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        return np.concatenate([np.zeros((1, 2)), (speeds[:, None, None] * ways).reshape(-1, 2)])
    rates = np.array([0.0, 0.5, -0.5, 1.0, -1.0]) * body.omega_max
    return np.array([(v * body.v_max, rate) for v in (0.0, 0.5, 1.0) for rate in rates])


def _action_space(body: Body, velocities: NDArray[np.float64] | None) -> spaces.Space[Any]:
    if velocities is not None:
        return spaces.Discrete(len(velocities))
    if body.kinematics == "holonomic":
        return spaces.Box(-body.v_max, body.v_max, (2,), np.float32)
    low = np.array([body.v_min, -body.omega_max], np.float32)
    return spaces.Box(low, np.array([body.v_max, body.omega_max], np.float32))


def _check_choice(name: str, value: object, known: Sequence[object]) -> None:
    if value not in known:
        words = ", ".join(str(one) for one in known)
        raise BadArgument(f"{name} is {value!r}; socialnav tasks know {words}")


def _asked_for(options: Mapping[str, Any] | None, count: int) -> int:
    unknown = [name for name in options or {} if name != "episode"]
    if unknown:
        raise BadArgument(f"socialnav's reset has no option '{unknown[0]}'; it takes 'episode'")
    number = (options or {}).get("episode")
    if number is None:
        return MISSING
    if not count:
        raise BadArgument("this scenario draws its episodes from the seed; it has no 'episode'")
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise BadArgument(
            f"options['episode'] is {number!r}; it is a whole number from 0 to {count - 1}"
        )
    return int(number)


def _checked_index(action: Any, count: int) -> int:
    whole = isinstance(action, (int, np.integer)) and not isinstance(action, bool)
    if isinstance(action, np.ndarray) and action.shape == () and action.dtype.kind in "iu":
        whole = True
    if not whole or not 0 <= int(action) < count:
        raise InvalidAction(f"socialnav takes a whole number from 0 to {count - 1}, not {action!r}")
    return int(action)
