"""Can an onlooker tell where the robot is going? Only where the scenario declares the choices.

Dragan, Lee and Srinivasa, "Legibility and predictability of robot motion" (HRI 2013): an observer
who expects efficient ways gives each goal the probability ``exp(V(start) - V(here))``, with V the
shortest way to that goal in metres; what has been gone already is the same for all and cancels.
"""

from __future__ import annotations

import numpy as np

from .declaration import Metric
from .trace import Floats, Trace, once


@once
def goal_probability(trace: Trace) -> Floats | None:
    """`[n]`, of the true goal among the candidates; None where there is nothing to choose."""
    goal = trace.log.robot.goal
    if len(goal.candidates) < 2 or goal.kind != "go-to":
        return None
    ways = [trace.ways_to(candidate) for candidate in goal.candidates]
    if any(way is None for way in ways):
        return None
    gain = np.stack([way[0] - way for way in ways if way is not None], axis=1)
    true = int(np.argmin(((goal.candidates - trace.goal_pos[0]) ** 2).sum(axis=1)))
    weight = np.exp(gain - gain.max(axis=1, keepdims=True))
    return np.asarray(weight[:, true] / weight.sum(axis=1))


def legibility(trace: Trace) -> float | None:
    """The true goal's probability, the earlier the more it counts."""
    probability = goal_probability(trace)
    if probability is None or trace.duration <= 0:
        return None
    # The weight falls from the whole duration to nothing; within a step it is its mean.
    left = trace.t[-1] - trace.t
    early = np.concatenate([[0.0], (left[1:] + left[:-1]) / 2])
    return trace.total(probability * early) / trace.total(early)


def predictability(trace: Trace) -> float | None:
    """exp(-(PL - L*)), 1 for the shortest way."""
    if not trace.reached or trace.shortest_path is None or not len(trace.log.robot.goal.candidates):
        return None
    return float(np.exp(-max(trace.path_length - trace.shortest_path, 0.0)))


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
        source="Dragan et al. 2013",
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
        source="Dragan et al. 2013",
        undefined="no candidate goals are declared; not reached; the shortest way is not known",
        compute=predictability,
    ),
)
