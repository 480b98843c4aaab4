"""People who avoid each other by ORCA, simulated by RVO2 through ``pyrvo``.

Van den Berg et al., "Reciprocal n-body collision avoidance" (2011). All people share one
simulation: what ORCA asks of one depends on the others' places and velocities and not on their
wishes, so a simulation for each, as in CrowdNav, gives the same at many times the cost.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import MissingExtra
from ..dice import Dice
from ..floor import Floor, turns_left
from ..scene import Scene
from .visibility import Visibility, halted
from .walker import AWAY, Walkers

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class OrcaSettings:
    """What ORCA is told; the defaults are those of CrowdNav's ``orca.py``.

    Attributes:
        neighbour_distance: of centres, beyond which others are left out [m].
        neighbours: how many of the nearest are minded; None for all, which CrowdNav's ten are
            for its five people. The robot may be the eleventh of a dense crowd.
        horizon: time for which a velocity must be free of collision with others [s].
        wall_horizon: the same for walls [s].
        margin: added to every radius [m]; keeps rounding from being a touch.
        sync: steps after which places are written into RVO2 again. In between it keeps its own,
            in single precision: in 8 steps that is a few micrometres. 1 for always.
    """

    neighbour_distance: float = 10.0
    neighbours: int | None = None
    horizon: float = 5.0
    wall_horizon: float = 5.0
    margin: float = 0.01
    sync: int = 8


class Orca:
    """A crowd that walks by ORCA.

    The robot is part of the simulation for those who see it, put exactly where it is before every
    step. Where some see it and some do not there are two simulations, one with it and one
    without, and each person is moved by the one they belong to.

    Args:
        track: whether they see the robot; a name of ``visibility.TRACKS``.
        settings: what ORCA is told.
        dither: see ``Walkers``.

    Raises:
        MissingExtra: pyrvo is not installed.
    """

    name = "orca"
    walkers: Walkers

    def __init__(
        self,
        track: str = "visible",
        settings: OrcaSettings = OrcaSettings(),
        dither: float = 0.01,
    ) -> None:
        self.visibility = Visibility.named(track)
        self._settings, self._dither = settings, dither
        _pyrvo()

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts the people of a scene on their places."""
        self.walkers = Walkers(scene, self.visibility, dice, self._dither)
        self._robot_radius = scene.body.radius
        radius, speed, aware = self.walkers.radius, self.walkers.speed, self.walkers.aware
        robot = np.array([scene.body.radius])
        self._blind: Simulation | None = None
        self._seeing: Simulation | None = None
        if not aware.all():
            self._blind = Simulation(scene, radius, speed, self._settings)
        if aware.any():
            self._seeing = Simulation(scene, radius, speed, self._settings, others=robot)

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody decides by what is seen now, and walks on; see ``CrowdModel``."""
        walkers = self.walkers
        pos, vel = walkers.pos, walkers.vel
        wish = walkers.wish(robot_pos, robot_vel, dt)
        taken = wish
        if self._blind is not None:
            taken = self._blind.decide(pos, vel, wish, dt)
        if self._seeing is not None:
            seen = self._seeing.decide(pos, vel, wish, dt, robot_pos[None], robot_vel[None])
            taken = seen if self._blind is None else np.where(walkers.aware[:, None], seen, taken)
        if walkers.halts:
            taken = halted(pos, taken, walkers.radius, robot_pos, self._robot_radius)
        walkers.walk(taken, dt)
        return walkers.pos, walkers.vel

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return self.walkers.state()


class Simulation:
    """RVO2's simulation of those who decide, and of others who only are in the way.

    Args:
        scene: whose walls and time step are taken.
        radius: of those who decide, `[A]` [m].
        speed: the greatest of each, `[A]` [m/s].
        settings: what ORCA is told.
        others: radii of the others, `[B]` [m].
    """

    def __init__(
        self,
        scene: Scene,
        radius: Floats,
        speed: Floats,
        settings: OrcaSettings,
        others: Floats | None = None,
    ) -> None:
        self._made = scene, radius, speed, settings, others
        idle = np.zeros(0) if others is None else others
        total = len(radius) + len(idle)
        most = total if settings.neighbours is None else settings.neighbours
        near, fixed = settings.neighbour_distance, (settings.horizon, settings.wall_horizon)
        self._rvo = _pyrvo().RVOSimulator(scene.dt, near, most, *fixed, 0.3, 1.0)
        sizes = (np.concatenate([radius, idle]) + settings.margin).tolist()
        for number, size in enumerate(sizes):
            place = (AWAY + 10.0 * number, -AWAY)
            if number < len(radius):
                fastest = float(speed[number])
                self._rvo.add_agent(place, near, most, *fixed, size, fastest, (0.0, 0.0))
            else:
                # They mind nobody: where they go is not for RVO2 to find out.
                self._rvo.add_agent(place, 0.0, 0, *fixed, size, 1.0, (0.0, 0.0))
        _add_walls(self._rvo, scene.floor)
        self._dt = scene.dt
        self._given: Floats | None = None
        self._steps, self._sync = 0, settings.sync

    def __getstate__(self) -> dict[str, Any]:
        """All but RVO2's own object, which can be copied no other way than by what it holds."""
        rvo, count = self._rvo, self._rvo.get_num_agents()
        places = [rvo.get_agent_position(number).to_tuple() for number in range(count)]
        speeds = [rvo.get_agent_velocity(number).to_tuple() for number in range(count)]
        return {**self.__dict__, "_rvo": (places, speeds)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Makes RVO2's object anew, and puts everybody where they were."""
        self.__init__(*state["_made"])  # type: ignore[misc]
        rvo, (places, speeds) = self._rvo, state["_rvo"]
        self.__dict__.update(state)
        self._rvo = rvo
        rvo.set_time_step(self._dt)
        for number, (place, speed) in enumerate(zip(places, speeds, strict=True)):
            rvo.set_agent_position(number, place)
            rvo.set_agent_velocity(number, speed)

    def decide(
        self,
        pos: Floats,
        vel: Floats,
        wish: Floats,
        dt: float,
        others_pos: Floats | None = None,
        others_vel: Floats | None = None,
    ) -> Floats:
        """The velocity that each one takes, `[A, 2]` [m/s].

        Args:
            pos: of those who decide, `[A, 2]` [m].
            vel: theirs, `[A, 2]` [m/s].
            wish: the velocity that each would like, `[A, 2]` [m/s].
            dt: of this step [s].
            others_pos: of the others, `[B, 2]` [m].
            others_vel: theirs, `[B, 2]` [m/s].
        """
        rvo = self._rvo
        if dt != self._dt:
            rvo.set_time_step(dt)
            self._dt = dt
        place, want, hurl = (
            rvo.set_agent_position,
            rvo.set_agent_pref_velocity,
            rvo.set_agent_velocity,
        )
        for number, one in enumerate(wish.tolist()):
            want(number, one)
        # RVO2 remembers the velocities it gave, in an array that nobody writes to, and has walked
        # on with them. Whoever was moved or slowed by something else is told to it.
        known = vel is self._given
        if not known:
            for number, one in enumerate(vel.tolist()):
                hurl(number, one)
        if not known or self._steps % self._sync == 0:
            for number, one in enumerate(pos.tolist()):
                place(number, one)
        self._steps += 1
        if others_pos is not None and others_vel is not None:
            both = np.concatenate([others_pos, others_vel], axis=1).tolist()
            for number, (x, y, u, v) in enumerate(both, len(pos)):
                place(number, (x, y))
                hurl(number, (u, v))
        rvo.do_step()
        given = rvo.get_agent_velocity
        taken = [given(number).to_tuple() for number in range(len(pos))]
        self._given = np.array(taken).reshape(-1, 2)
        return self._given


def _add_walls(rvo: Any, floor: Floor) -> None:
    """Puts walls into a simulation: RVO2 wants the corners of solid things counter-clockwise.

    Two points make a thin wall that is solid from either side; a room's outline is walked
    clockwise, so that its inside is what is left free. A round thing becomes a polygon of 16.
    """
    for wall in floor.walls.tolist():
        rvo.add_obstacle([tuple(wall[:2]), tuple(wall[2:])])
    rings = [ring if turns_left(ring) else ring[::-1] for ring in floor.polygons]
    if floor.outline is not None:
        rings.append(floor.outline[::-1] if turns_left(floor.outline) else floor.outline)
    turn = np.arange(16) * (2 * np.pi / 16)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=-1) / np.cos(np.pi / 16)
    rings += [disc[:2] + disc[2] * circle for disc in floor.discs]
    for ring in rings:
        rvo.add_obstacle([tuple(corner) for corner in ring.tolist()])
    if not floor.empty:
        rvo.process_obstacles()


def _pyrvo() -> Any:
    try:
        import pyrvo
    except ModuleNotFoundError as error:
        raise MissingExtra("socialnav", "socialnav", error.name or "pyrvo") from error
    return pyrvo
