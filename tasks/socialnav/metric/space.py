"""Room left to people, groups and things.

Space compliance has two directions and many thresholds in the literature, and some measure from
surfaces and some from centres. Here each key says which: ``psc@θ`` is the share of time in which
everyone had at least θ metres between surfaces, ``space_violation@θ`` the rest, and
``psc_center@θ`` measures between centres.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import geometry
from .declaration import FRANCIS, Metric
from .reading import Floats, Reading, once

PSC = {
    0.2: "CrowdNav's discomfort distance",
    0.45: "Hall's intimate zone; SocNavGym, without the person's radius",
    0.5: "the paper's default; iGibson 2021 challenge",
    1.2: "Hall's personal zone",
}
"""Distances between surfaces [m], and who uses them."""

PSC_CENTER = {1.0: "Falcon; RoboSense 2025"}
"""Distances between centres [m]."""

ZONES = (("intimate", 0.0, 0.45), ("personal", 0.45, 1.2), ("social", 1.2, 3.6))
"""Hall 1966, by the distance between surfaces [m]; beyond is public. HuNavSim's evaluator."""

NEAR_ZONES = ("intimate", "personal")
"""Those in which a stranger is not welcome."""

PUBLIC = ("public", 3.6, np.inf)

GROUP_STRIDE = 0.75
"""How far before its members the centre of a group's shared space lies: half of the 1.5 m at
which people face each other [m]."""

O_SPACE = 0.6
"""Radius of the space in the middle of a group that nobody enters [m]."""

FRONT_SECONDS, FRONT_LEAST = 2.0, 0.5
"""Personal space reaches ahead by 2 s of walking, at least 0.5 m: SocNavBench, after Kirby."""

SIDE, REAR = 1 / 4, 1 / 3
"""... and to the sides and back by these shares of it: SocNavBench, ``cost_functions.py``."""


def clearance_min(reading: Reading) -> float | None:
    """Least distance to walls and objects, between steps too [m]."""
    least = min(float(reading.wall_swept.min()), float(reading.thing_distance.min(initial=np.inf)))
    return least if np.isfinite(least) else None


def clearance_avg(reading: Reading) -> float | None:
    """Mean over time of the distance to the nearest wall or object [m]."""
    return reading.mean(reading.clearance) if np.isfinite(reading.clearance).all() else None


def distance_min(reading: Reading) -> float | None:
    """Least distance to a person's surface, between steps too [m]."""
    return float(np.nanmin(reading.human_swept)) if reading.anyone else None


def centre_distance_min(reading: Reading) -> float | None:
    """Least distance to a person's centre, between steps too [m]."""
    if not reading.anyone:
        return None
    least = float(np.nanmin(reading.centre_distance))
    between = geometry.swept_distance(reading.to_human)
    return float(np.fmin(np.fmin.reduce(between, axis=None, initial=np.inf), least))


def distance_avg(reading: Reading) -> float | None:
    """Mean over time and people of the distance between surfaces [m]."""
    there = ~np.isnan(reading.human_distance)
    weight = there * reading.weight[:, np.newaxis]
    if weight.sum() <= 0:
        return None
    return float((np.where(there, reading.human_distance, 0.0) * weight).sum() / weight.sum())


def nearest_avg(reading: Reading) -> float | None:
    """Mean, over the time in which someone is there, of the distance to the nearest [m]."""
    there = np.isfinite(reading.nearest)
    time = reading.total(there)
    return reading.total(np.where(there, reading.nearest, 0.0)) / time if time > 0 else None


def compliance(reading: Reading, theta: float) -> float | None:
    """Share of time in which nobody is nearer than ``theta``, surface to surface."""
    return reading.mean(reading.nearest >= theta) if reading.anyone else None


def compliance_centre(reading: Reading, theta: float) -> float | None:
    """Share of time in which nobody is nearer than ``theta``, centre to centre."""
    return reading.mean(reading.nearest_centre >= theta) if reading.anyone else None


def violation(reading: Reading, theta: float) -> float | None:
    """Share of time in which someone is nearer than ``theta``, surface to surface."""
    return reading.mean(reading.nearest < theta) if reading.anyone else None


def zone_share(reading: Reading, low: float, high: float) -> float | None:
    """Share of time in which the nearest person is in that zone."""
    if not reading.anyone:
        return None
    return reading.mean(_within(reading.nearest, low, high))


def zone_time(reading: Reading, low: float, high: float) -> float | None:
    """Time in that zone, added up over people [s]."""
    if not reading.anyone:
        return None
    return reading.total(_within(reading.human_distance, low, high).sum(axis=1))


def _within(distance: Floats, low: float, high: float) -> Floats:
    """1 where in the zone; contact is intimate, an empty world public."""
    inside = (distance >= low) & (distance < high) if low else distance < high
    return np.asarray(inside | np.isposinf(distance) if high == np.inf else inside, np.float64)


@once
def _groups(reading: Reading) -> list[tuple[Floats, Floats]]:
    """Of each group: members' positions `[n, M, 2]`, NaN where not there, and centre `[n, 2]`.

    The centre is NaN where fewer than two members are there.
    """
    people, n = reading.log.humans, reading.n
    found = []
    for group in np.unique(people.group_id[people.group_id >= 0]):
        members = np.flatnonzero(people.group_id == group)
        pos, yaw = people.pos[:n, members], people.yaw[:n, members]
        ahead = pos + GROUP_STRIDE * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        count = people.valid[:n, members].sum(axis=1)
        total = np.nansum(ahead, axis=1)
        together = np.where(count >= 2, count, np.nan)
        if (count >= 2).any():
            found.append((pos, total / together[:, np.newaxis]))
    return found


def _group_distance(reading: Reading) -> Floats:
    """`[n]`, to the nearest group's centre; infinite where there is none."""
    distance = [geometry.norm(centre - reading.robot_pos) for _, centre in _groups(reading)]
    return np.asarray(np.fmin.reduce(distance, axis=0, initial=np.inf))


def group_zone_share(reading: Reading, low: float, high: float) -> float | None:
    """Share of time in which the nearest group's centre is in that zone."""
    if not _groups(reading):
        return None
    return reading.mean(_within(_group_distance(reading), low, high))


def group_intrusion(reading: Reading) -> float | None:
    """Share of time in which the robot's centre is inside a group."""
    if not _groups(reading):
        return None
    inside = _group_distance(reading) < O_SPACE
    for members, centre in _groups(reading):
        together = ~np.isnan(centre).any(axis=-1)
        inside |= together & geometry.inside_hull(reading.robot_pos, members)
    return reading.mean(inside)


@once
def personal_space_cost(reading: Reading) -> Floats:
    """`[n]`, the sum over people of an asymmetric Gaussian about each, at the robot's centre."""
    people = reading.log.humans
    seen = geometry.into_frame(-reading.to_human, people.yaw[: reading.n])
    front = np.maximum(FRONT_SECONDS * geometry.norm(reading.human_vel), FRONT_LEAST)
    along = np.where(seen[..., 0] >= 0, front, front * REAR)
    exponent = (seen[..., 0] / along) ** 2 + (seen[..., 1] / (front * SIDE)) ** 2
    return np.asarray(np.nansum(np.exp(-exponent / 2), axis=1))


def personal_space_cost_avg(reading: Reading) -> float | None:
    """Its mean over time."""
    return reading.mean(personal_space_cost(reading)) if reading.anyone else None


def personal_space_cost_max(reading: Reading) -> float | None:
    """Its greatest value."""
    return float(personal_space_cost(reading).max()) if reading.anyone else None


_NOBODY = "nobody is there"
_NO_TIME = f"{_NOBODY}; one step only"
_NO_GROUP = "no two members of a group are there; one step only"
_P2 = ("P2",)


def _zones(
    prefix: str,
    words: str,
    formula: str,
    undefined: str,
    unit: str,
    source: str,
    compute: Callable[..., float | None],
) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            key=f"{prefix}_{zone}",
            title=f"{words}, {zone} zone",
            unit=unit,
            better="lower" if zone in NEAR_ZONES else "neither",
            low=0,
            high=1 if unit == "1" else None,
            principles=_P2,
            formula=f"{formula}, {low:g} <= d < {high:g} m",
            source=source,
            undefined=undefined,
            compute=partial(compute, low=low, high=high),
        )
        for zone, low, high in (*ZONES, PUBLIC)
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        key="clearance_min",
        title="least distance to walls and objects",
        unit="m",
        better="higher",
        principles=("P1",),
        formula="min over t of the distance from the robot's surface",
        source=FRANCIS,
        undefined="there are no walls and no objects",
        compute=clearance_min,
    ),
    Metric(
        key="clearance_avg",
        title="mean distance to the nearest wall or object",
        unit="m",
        better="higher",
        principles=("P1",),
        formula="mean over t of the least distance from the robot's surface",
        source=FRANCIS,
        undefined="there are no walls and no objects; one step only",
        compute=clearance_avg,
    ),
    Metric(
        key="human_distance_min",
        title="least distance to a person (DH_min)",
        unit="m",
        better="higher",
        principles=("P1", "P2"),
        formula="min over t and i of d_s = |p_r - p_i| - r_r - r_i; straight between steps",
        source=FRANCIS,
        undefined=_NOBODY,
        compute=distance_min,
    ),
    Metric(
        key="human_centre_distance_min",
        title="least distance to a person's centre",
        unit="m",
        better="higher",
        low=0,
        principles=("P1", "P2"),
        formula="min over t and i of |p_r - p_i|; straight between steps",
        source="CrowdNav",
        undefined=_NOBODY,
        compute=centre_distance_min,
    ),
    Metric(
        key="human_distance_avg",
        title="mean distance to people",
        unit="m",
        principles=_P2,
        formula="mean over t and i of d_s",
        source="HuNavSim",
        undefined=_NO_TIME,
        compute=distance_avg,
    ),
    Metric(
        key="nearest_distance_avg",
        title="mean distance to the nearest person",
        unit="m",
        better="higher",
        principles=_P2,
        formula="mean over the t at which someone is there of min over i of d_s",
        source="HuNavSim, SocNavBench",
        undefined=_NO_TIME,
        compute=nearest_avg,
    ),
    *(
        Metric(
            key=f"psc@{theta:g}",
            title="personal space compliance",
            better="higher",
            low=0,
            high=1,
            principles=_P2,
            formula=f"share of time with min over i of d_s >= {theta:g} m",
            source=f"{FRANCIS} (SC, which states the complement); {user}",
            undefined=_NO_TIME,
            compute=partial(compliance, theta=theta),
        )
        for theta, user in PSC.items()
    ),
    *(
        Metric(
            key=f"space_violation@{theta:g}",
            title="personal space violated",
            better="lower",
            low=0,
            high=1,
            principles=_P2,
            formula=f"1 - psc@{theta:g}",
            source=f"{FRANCIS} (SC, as its text has it); {user}",
            undefined=_NO_TIME,
            compute=partial(violation, theta=theta),
        )
        for theta, user in PSC.items()
    ),
    *(
        Metric(
            key=f"psc_center@{theta:g}" if theta % 1 else f"psc_center@{theta:.1f}",
            title="personal space compliance, centre to centre",
            better="higher",
            low=0,
            high=1,
            principles=_P2,
            formula=f"share of time with min over i of |p_r - p_i| >= {theta:g} m",
            source=user,
            undefined=_NO_TIME,
            compute=partial(compliance_centre, theta=theta),
        )
        for theta, user in PSC_CENTER.items()
    ),
    *_zones(
        "zone",
        "nearest person",
        "share of time with the nearest surface at",
        _NO_TIME,
        "1",
        "Hall 1966; HuNavSim",
        zone_share,
    ),
    *_zones(
        "zone_time",
        "time added up over people",
        "Σ over people of the time with their surface at",
        _NOBODY,
        "s",
        "Hall 1966",
        zone_time,
    ),
    *_zones(
        "group_zone",
        "nearest group",
        f"share of time with the mean of the points {GROUP_STRIDE:g} m before members at",
        _NO_GROUP,
        "1",
        "HuNavSim",
        group_zone_share,
    ),
    Metric(
        key=f"group_intrusion@{O_SPACE:g}",
        title="inside a group",
        better="lower",
        low=0,
        high=1,
        principles=("P2", "P4", "P5"),
        formula="share of time with the robot's centre in the convex hull of a group's members or "
        f"within {O_SPACE:g} m of its centre",
        undefined=_NO_GROUP,
        compute=group_intrusion,
    ),
    Metric(
        key="personal_space_cost_avg",
        title="mean cost of personal space",
        better="lower",
        low=0,
        principles=_P2,
        formula="mean over t of Σ over i of exp(-(x²/σ_x² + y²/σ_y²)/2) in the person's frame, σ_x "
        "= max(2|v_i|, 0.5) ahead, a third of it behind, σ_y a quarter of it",
        source="SocNavBench, cost_functions.py, with the heading for the direction of the velocity",
        undefined=_NO_TIME,
        compute=personal_space_cost_avg,
    ),
    Metric(
        key="personal_space_cost_max",
        title="greatest cost of personal space",
        better="lower",
        low=0,
        principles=_P2,
        formula="max over t of the same",
        source="SocNavBench",
        undefined=_NOBODY,
        compute=personal_space_cost_max,
    ),
)
