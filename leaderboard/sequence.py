"""A confidence sequence: an interval that may be looked at after every round, and acted on.

An ordinary 95% interval holds for a number of episodes fixed beforehand. Whoever looks again and
again and stops when it pleases him is wrong far more often. The interval here covers the truth at
*all* rounds together with the stated probability, so that any stopping rule may use it.

It is Robbins' mixture of likelihood ratios with a uniform prior (Robbins, Statistical methods
related to the law of the iterated logarithm, Ann. Math. Statist. 41, 1970, section 3), inverted
by Ville's inequality: with s won of n, it holds every p for which

    B(1 + s, 1 + n - s) / (p^s (1 - p)^(n - s)) < 1 / alpha.

For numbers within [0, 1] that are not only 0 or 1, and for tasks of different difficulty, the same
expression is still dominated by a martingale: ``exp(l x) <= 1 - x + x exp(l)``, and ``log(1 - m +
m exp(l))`` is concave in m (the sub-Bernoulli case of Howard, Ramdas, McAuliffe and Sekhon,
Time-uniform, nonparametric, nonasymptotic confidence sequences, Ann. Statist. 49, 2021). It speaks
of the mean over tasks, at the end of rounds that hold each task once, and is wider than need be
where tasks differ.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ..core.episode import EpisodeResult, Outcome
from ..core.errors import BadArgument
from ..core.manifest import Manifest
from .intervals import CONFIDENCE
from .score import counts

_EDGE = 1e-12
"""Ends are sought up to so near 0 and 1."""


def confidence_sequence(
    total: float, n: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The interval after n episodes, valid whenever one chooses to look.

    Args:
        total: sum of the scores, each within [0, 1]; for success, how many were won.
        n: how many there were; with none the interval is (0, 1).
        confidence: probability that the truth is never outside, between 0 and 1.

    Raises:
        BadArgument: not ``0 <= total <= n``, or a confidence outside (0, 1).
    """
    if not 0 <= total <= n:
        raise BadArgument(f"a sum of {total} over {n} scores: give scores from 0 to 1")
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence {confidence} is not between 0 and 1")
    if n == 0:
        return 0.0, 1.0
    from scipy.optimize import brentq
    from scipy.special import betaln

    threshold = -math.log(1 - confidence)
    mixture = float(betaln(1 + total, 1 + n - total))

    def excess(p: float) -> float:
        # Plain numbers: asked a hundred times, and ten times as fast as scipy's xlogy.
        likely = math.log(p) * total if total else 0.0
        likely += math.log1p(-p) * (n - total) if total < n else 0.0
        return mixture - likely - threshold

    mean = total / n
    low = 0.0 if total == 0 or excess(_EDGE) < 0 else float(brentq(excess, _EDGE, mean, xtol=1e-15))
    high = (
        1.0
        if total == n or excess(1 - _EDGE) < 0
        else float(brentq(excess, mean, 1 - _EDGE, xtol=1e-15))
    )
    return low, high


class Rounds(NamedTuple):
    """Success over the rounds that are complete: each task once, each time validly.

    Attributes:
        rounds: how many.
        value: mean success over them; 0 where there is none.
        low: lower end of the confidence sequence.
        high: its upper end.
    """

    rounds: int
    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low


def success_so_far(manifest: Manifest, results: Iterable[EpisodeResult]) -> Rounds:
    """The success of a run that is still being played, and the interval that may be acted on.

    A round is the episodes of one number, of every task. One with an episode that is invalid, or
    in which what its task is about did not happen, is left out whole.

    Args:
        manifest: what is played.
        results: the episodes so far, in any order.
    """
    by_round: dict[int, list[bool]] = defaultdict(list)
    for one in results:
        if one.score is not None and counts(manifest, one):
            by_round[one.plan.index].append(one.outcome is Outcome.SUCCESS)
    tasks = len(manifest.benchmark.tasks)
    whole = [wins for wins in by_round.values() if len(wins) == tasks]
    n = tasks * len(whole)
    won = sum(map(sum, whole))
    return Rounds(len(whole), won / n if n else 0.0, *confidence_sequence(won, n))
