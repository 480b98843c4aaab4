"""Collisions: how many, how long, how fast, whose fault; and what nearly was one."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import geometry
from .declaration import FRANCIS, Metric
from .trace import Bools, Floats, Trace, once

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


def _recorded(trace: Trace, kind: str) -> dict[int | None, list[int]]:
    """The steps of the world's own collision events, by counterpart."""
    found: dict[int | None, list[int]] = {}
    for event in trace.log.events:
        if event.kind == kind:
            k = int(np.searchsorted(trace.t, event.t - 1e-9))
            if k < trace.n:
                found.setdefault(event.other_id, []).append(k)
    return found


def _touching(trace: Trace, kind: str, ids: list[int], swept: Floats) -> Bools:
    """`[n, N]`: in contact by geometry, or by the world's word."""
    contact = trace.in_contact(swept).copy()
    for other, steps in _recorded(trace, kind).items():
        if other in ids:
            contact[steps, ids.index(other)] = True
    return contact


@once
def human_contact(trace: Trace) -> Bools:
    """`[n, H]`, whether the robot touched each person in the interval that ends with each step."""
    return _touching(trace, "collision_human", trace.log.humans.id.tolist(), trace.human_swept)


@once
def agent_contact(trace: Trace) -> Bools:
    """`[n, A]`, the same for other robots."""
    return _touching(trace, "collision_agent", trace.log.agents.id.tolist(), trace.agent_swept)


@once
def thing_contact(trace: Trace) -> Bools:
    """`[n, O]`, the same for objects."""
    ids = [thing.id for thing in trace.log.objects]
    return _touching(trace, "collision_object", ids, trace.thing_distance)


@once
def wall_contact(trace: Trace) -> Bools:
    """`[n, 1]`, the same for the walls, which count as one counterpart."""
    contact = trace.in_contact(trace.wall_swept).copy()
    for steps in _recorded(trace, "collision_wall").values():
        contact[steps] = True
    return np.asarray(contact[:, np.newaxis])


@once
def human_onsets(trace: Trace) -> list[tuple[int, int]]:
    """Step and column of each collision with a person."""
    contact = human_contact(trace)
    return [
        (k, column)
        for column in np.flatnonzero(contact.any(axis=0)).tolist()
        for k in onsets(trace.human_swept[:, column], contact[:, column], trace.dt)
    ]


def human_collisions(trace: Trace) -> float | None:
    """Collisions with people; None without people."""
    return float(len(human_onsets(trace))) if trace.anyone else None


def agent_collisions(trace: Trace) -> float | None:
    """Collisions with other robots; None without."""
    if not len(trace.log.agents):
        return None
    return _count(trace, trace.agent_swept, agent_contact(trace))


def object_collisions(trace: Trace) -> float | None:
    """Collisions with objects; None without."""
    if not trace.log.objects:
        return None
    return _count(trace, trace.thing_distance, thing_contact(trace))


def wall_collisions(trace: Trace) -> float | None:
    """Collisions with walls; None without walls."""
    contact = wall_contact(trace)
    if not len(trace.log.walls) and not contact.any():
        return None
    return _count(trace, trace.wall_swept[:, np.newaxis], contact)


def _count(trace: Trace, distance: Floats, contact: Bools) -> float:
    return float(
        sum(
            len(onsets(distance[:, column], contact[:, column], trace.dt))
            for column in np.flatnonzero(contact.any(axis=0))
        )
    )


def collisions(trace: Trace) -> float:
    """All of them; what is not there cannot be hit."""
    kinds = (human_collisions, agent_collisions, object_collisions, wall_collisions)
    return float(sum(kind(trace) or 0.0 for kind in kinds))


def collision_time(trace: Trace) -> float:
    """Time in contact with anything [s]."""
    contact = np.concatenate(
        [one(trace) for one in (human_contact, agent_contact, thing_contact, wall_contact)], axis=1
    )
    return trace.total(np.asarray(contact.any(axis=1)))


def human_collided(trace: Trace) -> float | None:
    """Whether there was a collision with a person."""
    count = human_collisions(trace)
    return None if count is None else float(count > 0)


def _approach(trace: Trace, k: int, column: int) -> tuple[float, float]:
    """How fast robot and person went at one another when they met [m/s].

    Seen along the line between them before the interval of the contact: after it they may
    have passed through each other.
    """
    before = max(k - 1, 0)
    if np.isnan(trace.centre_distance[before, column]):
        before = k
    to = trace.to_human[before, column]
    toward = to / max(float(geometry.norm(to)), 1e-12)
    return float(trace.robot_vel[k] @ toward), float(-trace.human_vel[k, column] @ toward)


def fault(trace: Trace, who: str) -> float | None:
    """Collisions with people that are the fault of ``robot``, ``human`` or ``both``."""
    if not trace.anyone:
        return None
    count = 0
    for k, column in human_onsets(trace):
        robot, human = _approach(trace, k, column)
        faster = "robot" if robot > human else "human"
        count += who == ("both" if abs(robot - human) < EVEN else faster)
    return float(count)


def contact_speed(trace: Trace) -> float | None:
    """The greatest speed at which robot and person closed in when they met [m/s]."""
    speeds = [max(sum(_approach(trace, *onset)), 0.0) for onset in human_onsets(trace)]
    return max(speeds) if speeds else None


def near_misses(trace: Trace, theta: float) -> float | None:
    """Approaches to less than ``theta`` [m] of a person's surface that ended without contact."""
    if not trace.anyone:
        return None
    count, contact = 0, human_contact(trace)
    close = trace.human_swept < theta
    for column in np.flatnonzero(close.any(axis=0)).tolist():
        distance = trace.human_swept[:, column]
        begun = onsets(distance, close[:, column], trace.dt, clear=theta + CLEAR)
        for first, after in zip(begun, [*begun[1:], trace.n], strict=True):
            count += not contact[first:after, column].any()
    return float(count)


_EVENT = (
    "contact events per counterpart; moving straight between steps, so nothing is jumped over; "
    f"counted anew only after more than {CLEAR:g} m apart for {CLEAR_TIME:g} s"
)
_NOBODY = "nobody is there"
_P1 = ("P1",)


def _counted(key: str, title: str, formula: str, undefined: str, compute: object) -> Metric:
    assert callable(compute)
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
        source="Falcon (Gong et al. 2024)",
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
