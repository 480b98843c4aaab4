"""Whether the robot arrived, when, and by how long a way."""

from __future__ import annotations

import numpy as np

from .contact import collisions
from .declaration import FRANCIS, Metric
from .reading import Reading

COLLISIONS = frozenset({"collision_wall", "collision_object", "collision_human", "collision_agent"})


def success_goal(reading: Reading) -> float | None:
    """Whether the goal was reached."""
    return None if reading.reached is None else float(reading.reached)


def success(reading: Reading) -> float | None:
    """Whether the goal was reached without any collision."""
    if reading.reached is None:
        return None
    return float(reading.reached and collisions(reading) == 0)


def timeout(reading: Reading) -> float | None:
    """Whether time ran out before the goal was reached.

    The world's word counts; else the time limit of ``meta.time_limit``, if it is stated.
    """
    if reading.reached is None:
        return None
    if reading.reached:
        return 0.0
    ended = {event.kind for event in reading.log.events if event.t >= reading.log.t[-1] - 1e-9}
    if "timeout" in {event.kind for event in reading.log.events}:
        return 1.0
    if ended & (COLLISIONS | {"out_of_map", "failed"}):
        return 0.0
    limit = reading.stated("time_limit")
    return None if limit is None else float(reading.duration >= limit - 1e-9)


def time_to_goal(reading: Reading) -> float | None:
    """[s], from the first step."""
    return reading.duration if reading.reached else None


def spl(reading: Reading) -> float | None:
    """Success weighted by path length."""
    won, shortest = success(reading), reading.shortest_path
    if won is None or shortest is None or shortest <= 0:
        return None
    return won * shortest / max(shortest, reading.path_length)


def stl(reading: Reading) -> float | None:
    """Success weighted by time, against the shortest way at full speed."""
    return _weighted_by_time(reading, _full_speed_time(reading))


def stl_reference(reading: Reading) -> float | None:
    """Success weighted by time, against another robot's time in the same episode."""
    return _weighted_by_time(reading, reading.stated("reference_time"))


def _full_speed_time(reading: Reading) -> float | None:
    fastest = reading.log.robot.v_max
    if fastest is None or not reading.shortest_path:
        return None
    return reading.shortest_path / fastest


def _weighted_by_time(reading: Reading, reference: float | None) -> float | None:
    won = success(reading)
    if won is None or reference is None:
        return None
    return won * (min(1.0, reference / reading.duration) if reading.duration > 0 else 1.0)


def time_ratio(reading: Reading) -> float | None:
    """Time to the goal over that of the shortest way at full speed."""
    time, reference = time_to_goal(reading), _full_speed_time(reading)
    return None if time is None or reference is None else time / reference


def path_efficiency(reading: Reading) -> float | None:
    """Shortest way over the way gone, of those who arrived."""
    if not reading.reached or not reading.shortest_path or reading.path_length <= 0:
        return None
    return reading.shortest_path / reading.path_length


def goal_distance_min(reading: Reading) -> float:
    """[m]."""
    return float(reading.goal_distance.min())


def goal_distance_final(reading: Reading) -> float:
    """[m]."""
    return float(reading.goal_distance[-1])


def _arrivals(reading: Reading) -> list[float] | None:
    """Times of the robot and of all people with goals, from the first step [s]."""
    own = time_to_goal(reading)
    people = reading.log.humans
    asked = ~np.isnan(people.goal).any(axis=(0, 2))
    times = people.reached_t[asked] - reading.t[0]
    if own is None or not asked.any() or np.isnan(times).any():
        return None
    return [own, *times.tolist()]


def at_max(reading: Reading) -> float | None:
    """When the last of robot and people with goals had arrived [s]."""
    times = _arrivals(reading)
    return None if times is None else max(times)


def at_sum(reading: Reading) -> float | None:
    """The arrival times of robot and people with goals, added up [s]."""
    times = _arrivals(reading)
    return None if times is None else sum(times)


_UNKNOWN = "nobody can say whether the goal was reached (a person to follow or guide, and no event)"
_NO_PATH = "the shortest way is not known, or has no length"

METRICS: tuple[Metric, ...] = (
    Metric(
        key="success",
        title="success without collision",
        better="higher",
        low=0,
        high=1,
        formula="goal reached and collisions = 0",
        source="CrowdNav (Chen et al. 2019)",
        undefined=_UNKNOWN,
        share=True,
        compute=success,
    ),
    Metric(
        key="success_goal",
        title="goal reached",
        better="higher",
        low=0,
        high=1,
        formula="the world's goal event, else position (and heading) within tolerance",
        source=FRANCIS,
        undefined=_UNKNOWN,
        share=True,
        compute=success_goal,
    ),
    Metric(
        key="timeout",
        title="time ran out",
        better="lower",
        low=0,
        high=1,
        principles=("P7",),
        formula="not reached within the limit; 0 where a collision ended the episode",
        source=FRANCIS,
        undefined="not reached, and the log states neither the limit nor why it ends",
        share=True,
        compute=timeout,
    ),
    Metric(
        key="time_to_goal",
        title="time to goal",
        unit="s",
        better="lower",
        low=0,
        formula="t_reach - t_0",
        source=FRANCIS,
        undefined="not reached",
        successes=True,
        compute=time_to_goal,
    ),
    Metric(
        key="time_ratio",
        title="time to goal over the least possible",
        better="lower",
        low=0,
        formula="(t_reach - t_0) v_max / L*",
        undefined=f"not reached; v_max is not known; {_NO_PATH}",
        compute=time_ratio,
    ),
    Metric(
        key="path_length",
        title="path length",
        unit="m",
        better="lower",
        low=0,
        formula="PL = Σ|Δp|, to the goal or the end",
        source=FRANCIS,
        successes=True,
        compute=lambda reading: reading.path_length,
    ),
    Metric(
        key="path_efficiency",
        title="shortest way over the way gone",
        better="higher",
        low=0,
        formula="L* / PL; above 1 where the tolerance saved more than detours cost",
        source="SEAN 2.0",
        undefined=f"not reached; {_NO_PATH}",
        compute=path_efficiency,
    ),
    Metric(
        key="spl",
        title="success weighted by path length",
        better="higher",
        low=0,
        high=1,
        formula="S L* / max(L*, PL), S = success, L* the shortest way of a disc of the robot's "
        "radius",
        source=f"{FRANCIS}; Anderson et al. 2018",
        undefined=f"success is not; {_NO_PATH}",
        compute=spl,
    ),
    Metric(
        key="stl",
        title="success weighted by time",
        better="higher",
        low=0,
        high=1,
        formula="S min(1, T_ref / T), T_ref = L* / v_max",
        source="iGibson 2021 challenge, whose T_ref is an ORCA robot's; Falcon's is as ours",
        undefined=f"success is not; v_max is not known; {_NO_PATH}",
        compute=stl,
    ),
    Metric(
        key="stl_reference",
        title="success weighted by another robot's time",
        better="higher",
        low=0,
        high=1,
        formula="S min(1, T_ref / T), T_ref = meta.reference_time",
        source="iGibson 2021 challenge; SocNavGym",
        undefined="success is not; the log states no reference",
        compute=stl_reference,
    ),
    Metric(
        key="at_max",
        title="aggregated time: the last arrival",
        unit="s",
        better="lower",
        low=0,
        principles=("P4",),
        formula="max of arrival times of the robot and all people with goals",
        source=f"{FRANCIS}, which leaves sum or maximum open",
        undefined="one of them did not arrive; no person has a goal",
        compute=at_max,
    ),
    Metric(
        key="at_sum",
        title="aggregated time: all arrivals added up",
        unit="s",
        better="lower",
        low=0,
        principles=("P4",),
        formula="Σ of the same",
        source=f"{FRANCIS}, which leaves sum or maximum open",
        undefined="one of them did not arrive; no person has a goal",
        compute=at_sum,
    ),
    Metric(
        key="goal_distance_min",
        title="least distance to the goal",
        unit="m",
        better="lower",
        low=0,
        formula="min over t of |p - g|",
        source="SEAN 2.0",
        compute=goal_distance_min,
    ),
    Metric(
        key="goal_distance_final",
        title="distance to the goal at the end",
        unit="m",
        better="lower",
        low=0,
        formula="|p - g| at the last step",
        source="SEAN 2.0",
        compute=goal_distance_final,
    ),
)
