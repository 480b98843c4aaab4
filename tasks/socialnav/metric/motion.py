"""How the robot moved: speed, acceleration, jerk, turning, standing still, effort."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import geometry
from .declaration import FRANCIS, Compute, Metric
from .reading import Floats, Reading

DROPPED = 2
"""First samples of acceleration and jerk that are left out: they hang on the initial velocity,
which many loggers make up, and differences of it explode."""

STALLED = (0.05,)
"""Speeds below which the robot is stalled [m/s]."""

STALLED_TURNING = (0.01, 0.02)
"""Of HuNavSim and SEAN 2.0: below this speed [m/s] and this rate [rad/s]."""

PROGRESS = (5.0, 0.1)
"""A window [s] in which the goal came no nearer than this [m] is a failure to progress."""

Reduce = Callable[[Floats, Floats], float]


def _least(values: Floats, weight: Floats) -> float:
    return float(values.min())


def _mean(values: Floats, weight: Floats) -> float:
    return float((values * weight).sum() / weight.sum())


def _greatest(values: Floats, weight: Floats) -> float:
    return float(values.max())


def _p95(values: Floats, weight: Floats) -> float:
    return float(np.quantile(values, 0.95))


def speed(reading: Reading) -> Floats:
    """`[n - 1]` [m/s], at steps 1 and on."""
    return reading.speed[1:]


def forward_speed(reading: Reading) -> Floats:
    """`[n - 1]` [m/s], along the heading, negative backwards."""
    yaw = reading.log.robot.yaw[1 : reading.n]
    return geometry.into_frame(reading.robot_vel[1:], yaw)[..., 0]


def accel(reading: Reading) -> Floats:
    """`[n - 1 - DROPPED]` [m/s²], lengths of the vectors."""
    return geometry.norm(reading.accel)[DROPPED:]


def speed_change(reading: Reading) -> Floats:
    """`[n - 1 - DROPPED]` [m/s²], d|v|/dt, negative when braking."""
    return np.asarray(np.diff(reading.speed) / reading.dt)[DROPPED:]


def jerk(reading: Reading) -> Floats:
    """`[n - 2 - DROPPED]` [m/s³], lengths of the vectors."""
    return geometry.norm(reading.jerk)[DROPPED:]


def _reduced(reading: Reading, series: Callable[[Reading], Floats], reduce: Reduce) -> float | None:
    values = series(reading)
    if not values.size:
        return None
    return reduce(values, reading.dt[len(reading.dt) - len(values) :])


def stalled_time(reading: Reading, below: float) -> float:
    """Time slower than ``below`` [s]."""
    return reading.total(reading.speed < below)


def stalled_time_turning(reading: Reading, below: float, rate: float) -> float:
    """Time slower than ``below`` and turning less than ``rate`` [s]."""
    still = np.abs(reading.log.robot.omega[: reading.n]) < rate
    return reading.total((reading.speed < below) & still)


def longest_stall(reading: Reading, below: float) -> float:
    """The longest time on end slower than ``below`` [s]."""
    longest = lasted = 0.0
    for dt, slow in zip(reading.dt.tolist(), (reading.speed[1:] < below).tolist(), strict=True):
        lasted = lasted + dt if slow else 0.0
        longest = max(longest, lasted)
    return longest


def failure_to_progress(reading: Reading, window: float, delta: float) -> float | None:
    """Whole windows one after another in which the least distance so far fell by less."""
    distance = reading.way_left
    if distance is None or not np.isfinite(distance).any():
        return None
    best, count = float(distance[0]), 0
    since = reading.t - reading.t[0]
    for first in range(int(reading.duration / window + 1e-9)):
        begin, end = first * window, (first + 1) * window
        inside = (since > begin + 1e-9) & (since <= end + 1e-9)
        least = min(best, float(distance[inside].min(initial=np.inf)))
        count += least > best - delta if np.isfinite(least) else 1
        best = least
    return float(count)


def cumulative_heading_change(reading: Reading) -> float:
    """Σ|wrap(Δyaw)| [rad]."""
    return float(np.abs(geometry.wrapped(np.diff(reading.log.robot.yaw[: reading.n]))).sum())


def excess_turning(reading: Reading) -> float | None:
    """How much more the path turns than the shortest way does [rad]."""
    if reading.route is None:
        return None
    needed = geometry.turning(geometry.path_vertices(reading.route))
    return max(geometry.turning(reading.path) - needed, 0.0)


def path_irregularity(reading: Reading) -> float | None:
    """Excess turning for each metre of the path [rad/m]."""
    excess = excess_turning(reading)
    return None if excess is None or len(reading.path) < 2 else excess / reading.path_length


def angle_over_length(reading: Reading) -> float | None:
    """Turning of the path for each metre of it [rad/m]."""
    if len(reading.path) < 2:
        return None
    return geometry.turning(reading.path) / reading.path_length


def _triangles(reading: Reading) -> tuple[Floats, Floats, Floats, Floats] | None:
    """Areas and sides of the triangles of each three points of the path on end, `[K - 2]`."""
    path = reading.path
    if len(path) < 3:
        return None
    one, other, across = path[1:-1] - path[:-2], path[2:] - path[1:-1], path[2:] - path[:-2]
    area = np.abs(geometry.cross(one, other)) / 2
    return area, geometry.norm(one), geometry.norm(other), geometry.norm(across)


def curvature(reading: Reading) -> float | None:
    """Mean Menger curvature, 4 areas over the product of the sides [1/m]."""
    found = _triangles(reading)
    if found is None:
        return None
    area, one, other, across = found
    return float((4 * area / np.maximum(one * other * across, 1e-12)).mean())


def curvature_normalised(reading: Reading) -> float | None:
    """The same times the length of the two legs."""
    found = _triangles(reading)
    if found is None:
        return None
    area, one, other, across = found
    return float((4 * area * (one + other) / np.maximum(one * other * across, 1e-12)).mean())


def roughness(reading: Reading) -> float | None:
    """Mean of twice the area over the square of the side across."""
    found = _triangles(reading)
    if found is None:
        return None
    area, _, _, across = found
    return float((2 * area / np.maximum(across**2, 1e-12)).mean())


def energy(reading: Reading) -> float | None:
    """Σ m|a·v|Δt [J]."""
    mass = reading.log.robot.mass
    if mass is None:
        return None
    power = np.abs(geometry.dot(reading.accel, reading.robot_vel[1:]))
    return float(mass * (power * reading.dt).sum())


def effort(reading: Reading) -> float:
    """Σ|a|Δt [m/s]."""
    return float((geometry.norm(reading.accel) * reading.dt).sum())


_STANDS = "the robot does not move"
_NO_ROUTE = "the shortest way is not known"
_ARENA = "arena-evaluation, get_metrics.py"


def _extremes(
    stem: str,
    words: str,
    unit: str,
    series: Callable[[Reading], Floats],
    formula: str,
    short: str,
    *,
    low: float | None = 0.0,
    p95: bool = True,
    source: str = FRANCIS,
) -> tuple[Metric, ...]:
    reductions: list[tuple[str, str, Reduce]] = [
        ("min", "least", _least),
        ("avg", "mean", _mean),
        ("max", "greatest", _greatest),
    ]
    if p95:
        reductions.append(("p95", "95th percentile of", _p95))
    return tuple(
        Metric(
            key=f"{stem}_{name}",
            title=f"{word} {words}",
            unit=unit,
            better="lower" if stem in ("accel", "jerk") and name != "min" else "neither",
            low=low,
            principles=("P2",),
            formula=f"{name} over steps of {formula}"
            + ("; weighted by time" if name == "avg" else ""),
            source="ours" if name == "p95" else source,
            undefined=short,
            compute=partial(_reduced, series=series, reduce=reduce),
        )
        for name, word, reduce in reductions
    )


def _path(key: str, title: str, unit: str, formula: str, compute: Compute, **words: str) -> Metric:
    return Metric(
        key=key,
        title=title,
        unit=unit,
        better="lower",
        low=0,
        principles=("P3",),
        formula=formula,
        source=words.get("source", "ours"),
        undefined=words.get("undefined", ""),
        compute=compute,
    )


_AFTER = f"the first {DROPPED} left out"

METRICS: tuple[Metric, ...] = (
    *_extremes("speed", "speed", "m/s", speed, "|v|, from step 1", "one step only"),
    *_extremes(
        "forward_speed",
        "speed along the heading",
        "m/s",
        forward_speed,
        "v · heading, from step 1",
        "one step only",
        low=None,
        p95=False,
        source="ours",
    ),
    *_extremes("accel", "acceleration", "m/s²", accel, f"|Δv/Δt|, {_AFTER}", "fewer than 4 steps"),
    *_extremes(
        "speed_change",
        "change of speed",
        "m/s²",
        speed_change,
        f"Δ|v|/Δt, {_AFTER}",
        "fewer than 4 steps",
        low=None,
        p95=False,
        source="ours",
    ),
    *_extremes("jerk", "jerk", "m/s³", jerk, f"|Δa/Δt|, {_AFTER}", "fewer than 5 steps"),
    *(
        Metric(
            key=f"stalled_time@{below:g}",
            title="time stalled",
            unit="s",
            better="lower",
            low=0,
            principles=("P7",),
            formula=f"Σ Δt where |v| < {below:g} m/s",
            source=FRANCIS,
            compute=partial(stalled_time, below=below),
        )
        for below in STALLED
    ),
    Metric(
        key="stalled_time@{:g},{:g}".format(*STALLED_TURNING),
        title="time stalled and not turning",
        unit="s",
        better="lower",
        low=0,
        principles=("P7",),
        formula="Σ Δt where |v| < {:g} m/s and |ω| < {:g} rad/s".format(*STALLED_TURNING),
        source="HuNavSim, SEAN 2.0",
        compute=partial(stalled_time_turning, below=STALLED_TURNING[0], rate=STALLED_TURNING[1]),
    ),
    *(
        Metric(
            key=f"longest_stall@{below:g}",
            title="longest time stalled on end",
            unit="s",
            better="lower",
            low=0,
            principles=("P7",),
            formula=f"the longest run of |v| < {below:g} m/s",
            compute=partial(longest_stall, below=below),
        )
        for below in STALLED
    ),
    Metric(
        key="failure_to_progress@{:g},{:g}".format(*PROGRESS),
        title="failures to progress",
        better="lower",
        low=0,
        principles=("P7",),
        formula="windows of {:g} s, one after another, in which the least way left fell by less "
        "than {:g} m".format(*PROGRESS),
        source=FRANCIS,
        undefined="the robot is to follow or guide someone; the way left is not known",
        compute=partial(failure_to_progress, window=PROGRESS[0], delta=PROGRESS[1]),
    ),
    _path(
        "cumulative_heading_change",
        "turning of the robot's heading",
        "rad",
        "CHC = Σ|wrap(Δyaw)|",
        cumulative_heading_change,
        source="HuNavSim",
    ),
    _path(
        "excess_turning",
        "turning of the path beyond what the shortest way needs",
        "rad",
        "(Σ|Δθ| of the path - Σ|Δθ| of the shortest way)₊, legs under "
        f"{geometry.SHORTEST_STEP:g} m merged",
        excess_turning,
        undefined=_NO_ROUTE,
    ),
    _path(
        "path_irregularity",
        "excess turning a metre",
        "rad/m",
        "excess_turning / PL",
        path_irregularity,
        source="the words of SEAN 2.0 and SocNavBench, whose code measures from the world's origin",
        undefined=f"{_NO_ROUTE}; {_STANDS}",
    ),
    _path(
        "angle_over_length",
        "turning of the path a metre",
        "rad/m",
        "Σ|Δθ| / PL",
        angle_over_length,
        source=f"after {_ARENA}, in a form of ours",
        undefined=_STANDS,
    ),
    _path(
        "curvature_avg",
        "mean curvature of the path",
        "1/m",
        "mean over three points on end of 4 area / (|ab| |bc| |ca|)",
        curvature,
        source=_ARENA,
        undefined="fewer than three distinct points",
    ),
    _path(
        "curvature_normalised_avg",
        "mean curvature times length of its legs",
        "1",
        "mean of 4 area (|ab| + |bc|) / (|ab| |bc| |ca|)",
        curvature_normalised,
        source=f"after {_ARENA}, which divides by the legs and so has a unit",
        undefined="fewer than three distinct points",
    ),
    _path(
        "roughness_avg",
        "mean roughness of the path",
        "1",
        "mean of 2 area / |ac|²",
        roughness,
        source=f"after {_ARENA}, in a form of ours",
        undefined="fewer than three distinct points",
    ),
    Metric(
        key="energy",
        title="energy of speeding up and braking",
        unit="J",
        better="lower",
        low=0,
        formula="Σ m |a·v| Δt",
        undefined="the mass is not known",
        compute=energy,
    ),
    Metric(
        key="effort",
        title="velocity changed",
        unit="m/s",
        better="lower",
        low=0,
        formula="Σ|a| Δt",
        source="robot_sf's proxy of energy",
        compute=effort,
    ),
)
