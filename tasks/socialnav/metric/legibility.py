"""Can an onlooker tell where the robot is going? Only where the scenario declares the choices.

After Dragan, Lee and Srinivasa, "Legibility and predictability of robot motion" (HRI 2013), with
lengths of ways in metres for costs: an onlooker who expects short ways gives each goal the
probability ``exp(V(start) - V(here))``, with V the shortest way to that goal; what has been gone
already is the same for all and cancels.
"""

from __future__ import annotations

import numpy as np

from .declaration import Metric
from .reading import Floats, Reading, once


@once
def goal_probability(reading: Reading) -> Floats | None:
    """`[n]`, of the true goal among the candidates; None where there is nothing to choose."""
    goal = reading.log.robot.goal
    if len(goal.candidates) < 2 or goal.kind != "go-to":
        return None
    ways = [reading.ways_to(candidate) for candidate in goal.candidates]
    known = [way for way in ways if way is not None and np.isfinite(way).all()]
    if len(known) < len(ways):
        return None
    gain = np.stack([way[0] - way for way in known], axis=1)
    true = int(np.argmin(((goal.candidates - reading.goal_pos[0]) ** 2).sum(axis=1)))
    weight = np.exp(gain - gain.max(axis=1, keepdims=True))
    return np.asarray(weight[:, true] / weight.sum(axis=1))


def legibility(reading: Reading) -> float | None:
    """The true goal's probability, the earlier the more it counts."""
    probability = goal_probability(reading)
    if probability is None or reading.duration <= 0:
        return None
    # The weight falls from the whole duration to nothing; within a step it is its mean.
    left = reading.t[-1] - reading.t
    early = np.concatenate([[0.0], (left[1:] + left[:-1]) / 2])
    return reading.total(probability * early) / reading.total(early)


def predictability(reading: Reading) -> float | None:
    """exp(-(PL - L*)), 1 for the shortest way."""
    if (
        not reading.reached
        or reading.shortest_path is None
        or not len(reading.log.robot.goal.candidates)
    ):
        return None
    return float(np.exp(-max(reading.path_length - reading.shortest_path, 0.0)))


METRICS: tuple[Metric, ...] = (
    Metric(
        key="legibility",
        title="legibility of the goal",
        better="higher",
        low=0,
        high=1,
        principles=("P3",),
        formula="Σ P(G|t) f Δt / Σ f Δt, f = T - t, P(G|t) ∝ exp(V_G(start) - V_G(t)), V_G the "
        "shortest way to G in metres",
        source="after Dragan et al. 2013, with path lengths for costs",
        undefined="fewer than two candidate goals are declared; a way to one is not known",
        compute=legibility,
    ),
    Metric(
        key="predictability",
        title="predictability of the way",
        better="higher",
        low=0,
        high=1,
        principles=("P3",),
        formula="exp(-(PL - L*)₊), in metres",
        source="after Dragan et al. 2013, with path lengths for costs",
        undefined="no candidate goals are declared; not reached; the shortest way is not known",
        compute=predictability,
    ),
)
