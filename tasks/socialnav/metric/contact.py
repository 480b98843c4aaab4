"""Collisions: how many, how long, how fast, whose fault; and what nearly was one."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import geometry
from .declaration import FRANCIS, Compute, Metric
from .reading import Bools, Floats, Reading, once

CLEAR = 0.05
"""A collision is over once the two are farther apart than this ... [m]"""

CLEAR_TIME = 0.5
"""... for at least this long; what touches again before is the same collision [s]."""

NEAR = 0.2
"""Surface distance that is a near miss: CrowdNav's discomfort distance (``env.config``) [m]."""

EVEN = 0.05
"""Speeds of approach closer than this are equally to blame [m/s]."""


def onsets(distance: Floats, contact: Bools, dt: Floats, clear: float = CLEAR) -> list[int]:
    """The steps at which contacts with one counterpart begin.

    Args:
        distance: `[n]` [m], the least since the step before.
        contact: `[n]`, whether there was contact in it.
        dt: `[n - 1]` [s].
        clear: beyond this distance they are apart [m].
    """
    if not contact.any():
        return []
    found, armed, apart = [], True, 0.0
    for k, (near, touching) in enumerate(zip(distance.tolist(), contact.tolist(), strict=True)):
        if touching:
            if armed:
                found.append(k)
            armed, apart = False, 0.0
        elif near > clear:
            apart += float(dt[k - 1]) if k else 0.0
            armed = armed or apart >= CLEAR_TIME - 1e-9
        else:
            apart = 0.0
    return found


def _recorded(reading: Reading, kind: str) -> dict[int | None, list[int]]:
    """The steps of the world's own collision events, by counterpart."""
    found: dict[int | None, list[int]] = {}
    for event in reading.log.events:
        if event.kind == kind:
            k = int(np.searchsorted(reading.t, event.t - 1e-9))
            if k < reading.n:
                found.setdefault(event.other_id, []).append(k)
    return found


def _touching(reading: Reading, kind: str, ids: list[int], swept: Floats) -> Bools:
    """`[n, N]`: in contact by geometry, or by the world's word."""
    contact = reading.in_contact(swept).copy()
    for other, steps in _recorded(reading, kind).items():
        for k in steps:
            column = _nearest(swept, k) if other is None else ids.index(other)
            contact[k, column] = True
    return contact


def _nearest(swept: Floats, k: int) -> int:
    """Whom the robot touched at a step where the world does not say: who was nearest then."""
    while k and np.isnan(swept[k]).all():
        k -= 1
    return int(np.argmin(np.nan_to_num(swept[k], nan=np.inf)))


@once
def human_contact(reading: Reading) -> Bools:
    """`[n, H]`, whether the robot touched each person in the interval that ends with each step."""
    return _touching(
        reading, "collision_human", reading.log.humans.id.tolist(), reading.human_swept
    )


@once
def agent_contact(reading: Reading) -> Bools:
    """`[n, A]`, the same for other robots."""
    return _touching(
        reading, "collision_agent", reading.log.agents.id.tolist(), reading.agent_swept
    )


@once
def thing_contact(reading: Reading) -> Bools:
    """`[n, O]`, the same for objects."""
    ids = [thing.id for thing in reading.log.objects]
    return _touching(reading, "collision_object", ids, reading.thing_distance)


@once
def wall_contact(reading: Reading) -> Bools:
    """`[n, 1]`, the same for the walls, which count as one counterpart."""
    contact = reading.in_contact(reading.wall_swept).copy()
    for steps in _recorded(reading, "collision_wall").values():
        contact[steps] = True
    return np.asarray(contact[:, np.newaxis])


@once
def human_onsets(reading: Reading) -> list[tuple[int, int]]:
    """Step and column of each collision with a person."""
    contact = human_contact(reading)
    return [
        (k, column)
        for column in np.flatnonzero(contact.any(axis=0)).tolist()
        for k in onsets(reading.human_swept[:, column], contact[:, column], reading.dt)
    ]


def human_collisions(reading: Reading) -> float | None:
    """Collisions with people; None without people."""
    return float(len(human_onsets(reading))) if reading.anyone else None


def agent_collisions(reading: Reading) -> float | None:
    """Collisions with other robots; None without."""
    if not len(reading.log.agents):
        return None
    return _count(reading, reading.agent_swept, agent_contact(reading))


def object_collisions(reading: Reading) -> float | None:
    """Collisions with objects; None without."""
    if not reading.log.objects:
        return None
    return _count(reading, reading.thing_distance, thing_contact(reading))


def wall_collisions(reading: Reading) -> float | None:
    """Collisions with walls; None without walls."""
    contact = wall_contact(reading)
    if not len(reading.log.walls) and not contact.any():
        return None
    return _count(reading, reading.wall_swept[:, np.newaxis], contact)


def _count(reading: Reading, distance: Floats, contact: Bools) -> float:
    return float(
        sum(
            len(onsets(distance[:, column], contact[:, column], reading.dt))
            for column in np.flatnonzero(contact.any(axis=0))
        )
    )


def collisions(reading: Reading) -> float:
    """All of them; what is not there cannot be hit."""
    kinds = (human_collisions, agent_collisions, object_collisions, wall_collisions)
    return float(sum(kind(reading) or 0.0 for kind in kinds))


def collision_time(reading: Reading) -> float:
    """Time in contact with anything [s]."""
    contact = np.concatenate(
        [one(reading) for one in (human_contact, agent_contact, thing_contact, wall_contact)],
        axis=1,
    )
    return reading.total(np.asarray(contact.any(axis=1)))


def human_collided(reading: Reading) -> float | None:
    """Whether there was a collision with a person."""
    count = human_collisions(reading)
    return None if count is None else float(count > 0)


def _approach(reading: Reading, k: int, column: int) -> tuple[float, float]:
    """How fast robot and person went at one another when they met [m/s].

    Seen along the line between them before the interval of the contact: after it they may
    have passed through each other.
    """
    before = max(k - 1, 0)
    if np.isnan(reading.centre_distance[before, column]):
        before = k
    to = reading.to_human[before, column]
    toward = to / max(float(geometry.norm(to)), 1e-12)
    return float(reading.robot_vel[k] @ toward), float(-reading.human_vel[k, column] @ toward)


def fault(reading: Reading, who: str) -> float | None:
    """Collisions with people that are the fault of ``robot``, ``human`` or ``both``."""
    if not reading.anyone:
        return None
    count = 0
    for k, column in human_onsets(reading):
        robot, human = _approach(reading, k, column)
        faster = "robot" if robot > human else "human"
        count += who == ("both" if abs(robot - human) < EVEN else faster)
    return float(count)


def contact_speed(reading: Reading) -> float | None:
    """The greatest speed at which robot and person closed in when they met [m/s]."""
    speeds = [max(sum(_approach(reading, *onset)), 0.0) for onset in human_onsets(reading)]
    return max(speeds) if speeds else None


def near_misses(reading: Reading, theta: float) -> float | None:
    """Approaches to less than ``theta`` [m] of a person's surface that ended without contact."""
    if not reading.anyone:
        return None
    count, contact = 0, human_contact(reading)
    close = reading.human_swept < theta
    for column in np.flatnonzero(close.any(axis=0)).tolist():
        distance = reading.human_swept[:, column]
        begun = onsets(distance, close[:, column], reading.dt, clear=theta + CLEAR)
        for first, after in zip(begun, [*begun[1:], reading.n], strict=True):
            count += not contact[first:after, column].any()
    return float(count)


_EVENT = (
    "contact events per counterpart; moving straight between steps, so nothing is jumped over; "
    f"counted anew only after more than {CLEAR:g} m apart for {CLEAR_TIME:g} s"
)
_NOBODY = "nobody is there"
_P1 = ("P1",)


def _counted(key: str, title: str, formula: str, undefined: str, compute: Compute) -> Metric:
    return Metric(
        key=key,
        title=title,
        better="lower",
        low=0,
        principles=_P1,
        formula=formula,
        source=FRANCIS,
        undefined=undefined,
        compute=compute,
    )


METRICS: tuple[Metric, ...] = (
    _counted("collisions", "all collisions", "the sum of the four below", "", collisions),
    _counted(
        "wall_collisions",
        "collisions with walls",
        f"{_EVENT}; all walls are one counterpart",
        "there are no walls",
        wall_collisions,
    ),
    _counted(
        "agent_collisions",
        "collisions with other robots",
        _EVENT,
        "there are no others",
        agent_collisions,
    ),
    _counted("human_collisions", "collisions with people", _EVENT, _NOBODY, human_collisions),
    Metric(
        key="object_collisions",
        title="collisions with objects",
        better="lower",
        low=0,
        principles=_P1,
        formula=_EVENT,
        undefined="there are no objects",
        compute=object_collisions,
    ),
    Metric(
        key="human_collided",
        title="whether a person was hit",
        better="lower",
        low=0,
        high=1,
        principles=_P1,
        formula="1 if human_collisions > 0 (H-Coll)",
        source="Falcon",
        undefined=_NOBODY,
        share=True,
        compute=human_collided,
    ),
    Metric(
        key="collision_time",
        title="time in contact",
        unit="s",
        better="lower",
        low=0,
        principles=_P1,
        formula="Σ Δt over intervals with contact",
        compute=collision_time,
    ),
    Metric(
        key="contact_speed_max",
        title="closing speed when a person was hit",
        unit="m/s",
        better="lower",
        low=0,
        principles=_P1,
        formula="max over collisions with people of the relative speed along the line of centres",
        undefined="no person was hit",
        compute=contact_speed,
    ),
    *(
        Metric(
            key=f"collisions_fault_{who}",
            title=f"collisions with people, fault: {who}",
            better="lower" if who == "robot" else "neither",
            low=0,
            principles=_P1,
            formula="who went at the other faster along the line of centres; both if within "
            f"{EVEN:g} m/s",
            source="ours; HuNavSim and SEAN 2.0 split by bearing and speed",
            undefined=_NOBODY,
            compute=partial(fault, who=who),
        )
        for who in ("robot", "human", "both")
    ),
    *(
        Metric(
            key=f"near_misses@{theta:g}",
            title="near misses",
            better="lower",
            low=0,
            principles=("P1", "P2"),
            formula=f"approaches to d_s < {theta:g} m without contact; counted anew as collisions "
            "are",
            undefined=_NOBODY,
            compute=partial(near_misses, theta=theta),
        )
        for theta in (NEAR,)
    ),
)
