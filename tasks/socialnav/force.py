"""The social force of Helbing, Farkas and Vicsek: what bodies and walls do to a pedestrian [N].

"Simulating dynamical features of escape panic", Nature 407 (2000), equations 1 to 3: a repulsion
that falls off exponentially with the gap between two discs and, once they touch, a stiff push
apart and a friction along the tangent. One law, twice used: the ``social_force`` crowd walks by
it, and the social-force metrics measure with it.

Everything is float64 and broadcasts: one pair, or ``[T, H]`` of them at once.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForceLaw:
    """The constants of the law; the defaults are those of the paper's figures.

    Attributes:
        strength: repulsion at touch, ``A_i`` [N].
        reach: distance over which it falls by e, ``B_i`` [m].
        stiffness: of two bodies pressed together, ``k`` [kg/s^2].
        friction: of two bodies sliding along each other, ``kappa`` [kg/(m s)].
        mass: of a pedestrian, ``m_i`` [kg].
        relaxation: time in which the desired velocity is taken up, ``tau_i`` [s].
        cutoff: distance of centres beyond which bodies leave each other alone [m]. Our own: at
            4 m the force between two people is below 1e-15 N.
    """

    strength: float = 2000.0
    reach: float = 0.08
    stiffness: float = 1.2e5
    friction: float = 2.4e5
    mass: float = 80.0
    relaxation: float = 0.5
    cutoff: float = 4.0


HELBING_2000 = ForceLaw()
"""The published constants."""


def pair_force(
    position: ArrayLike,
    velocity: ArrayLike,
    radius: ArrayLike,
    other_position: ArrayLike,
    other_velocity: ArrayLike,
    other_radius: ArrayLike,
    law: ForceLaw = HELBING_2000,
) -> Floats:
    """The force on bodies by other bodies, `[..., 2]` [N].

    Two bodies in the very same place have no direction to be pushed in: their force is zero.

    Args:
        position: centres of those pushed, `[..., 2]` [m].
        velocity: theirs, `[..., 2]` [m/s].
        radius: theirs, `[...]` [m].
        other_position: centres of those who push, `[..., 2]` [m].
        other_velocity: theirs, `[..., 2]` [m/s].
        other_radius: theirs, `[...]` [m].
        law: the constants.
    """
    apart = np.asarray(position, np.float64) - np.asarray(other_position, np.float64)
    distance = np.hypot(apart[..., 0], apart[..., 1])
    sliding = np.asarray(other_velocity, np.float64) - np.asarray(velocity, np.float64)
    reach = np.asarray(radius, np.float64) + np.asarray(other_radius, np.float64)
    return _contact_force(apart, distance, reach, sliding, law)


def wall_force(
    position: ArrayLike,
    velocity: ArrayLike,
    radius: ArrayLike,
    walls: ArrayLike,
    law: ForceLaw = HELBING_2000,
) -> Floats:
    """The force on bodies by wall segments, summed over the walls, `[..., 2]` [N].

    Args:
        position: centres, `[..., 2]` [m].
        velocity: theirs, `[..., 2]` [m/s].
        radius: theirs, `[...]` [m].
        walls: segments ``x1 y1 x2 y2``, `[W, 4]` [m].
        law: the constants.
    """
    segments = np.asarray(walls, np.float64).reshape(-1, 4)
    place = np.asarray(position, np.float64)[..., None, :]
    apart = place - nearest_on_segment(place, segments)
    distance = np.hypot(apart[..., 0], apart[..., 1])
    sliding = -np.asarray(velocity, np.float64)[..., None, :]
    reach = np.asarray(radius, np.float64)[..., None]
    return np.asarray(_contact_force(apart, distance, reach, sliding, law).sum(axis=-2))


def crowd_force(
    position: Floats,
    velocity: Floats,
    radius: Floats,
    walls: Floats,
    pushed: int | None = None,
    law: ForceLaw = HELBING_2000,
) -> Floats:
    """The force on each body of a crowd by all others and by the walls, `[P, 2]` [N].

    Args:
        position: centres of all bodies, `[N, 2]` [m].
        velocity: theirs, `[N, 2]` [m/s].
        radius: theirs, `[N]` [m].
        walls: segments, `[W, 4]` [m].
        pushed: how many, from the first on, are asked about; the rest only push, as a robot does
            that goes its own way. None for all.
        law: the constants.
    """
    count = len(position) if pushed is None else pushed
    force = pair_force(
        position[:count, None],
        velocity[:count, None],
        radius[:count, None],
        position[None],
        velocity[None],
        radius[None],
        law,
    ).sum(axis=1)
    if len(walls):
        force += wall_force(position[:count], velocity[:count], radius[:count], walls, law)
    return np.asarray(force)


def nearest_on_segment(points: ArrayLike, segments: ArrayLike) -> Floats:
    """The point of each segment that lies nearest to a point, `[..., 2]` [m].

    Args:
        points: `[..., 2]` [m].
        segments: ``x1 y1 x2 y2``, broadcast against the points, `[..., 4]` [m]. A segment of no
            length is its point.
    """
    ends = np.asarray(segments, np.float64)
    begin, along = ends[..., :2], ends[..., 2:] - ends[..., :2]
    squared = (along * along).sum(axis=-1)
    offset = ((np.asarray(points, np.float64) - begin) * along).sum(axis=-1)
    share = np.clip(offset / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
    return np.asarray(begin + share[..., None] * along)


def _contact_force(
    apart: Floats, distance: Floats, reach: Floats, sliding: Floats, law: ForceLaw
) -> Floats:
    """Equation 2 for bodies, 3 for walls: repulsion, body force, sliding friction, `[..., 2]` [N].

    Args:
        apart: from what pushes to what is pushed, `[..., 2]` [m].
        distance: its length, `[...]` [m].
        reach: distance at which the two touch, `[...]` [m].
        sliding: velocity of what pushes as seen by what is pushed, `[..., 2]` [m/s].
        law: the constants.
    """
    felt = (distance > 0) & (distance <= law.cutoff)
    normal = apart / np.where(distance > 0, distance, 1.0)[..., None]
    overlap = reach - distance
    pressed = np.maximum(overlap, 0.0)
    push = law.strength * np.exp(overlap / law.reach) + law.stiffness * pressed
    # The tangent is the normal turned left; friction acts on the part of the motion along it.
    along = sliding[..., 1] * normal[..., 0] - sliding[..., 0] * normal[..., 1]
    drag = law.friction * pressed * along
    tangent = np.stack([-normal[..., 1], normal[..., 0]], axis=-1)
    force = push[..., None] * normal + drag[..., None] * tangent
    return np.asarray(np.where(felt[..., None], force, 0.0))
