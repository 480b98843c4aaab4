"""What rliable and statsmodels say of the matrices given on the input; runs where these live.

Reads ``{"matrices": [[[...]]], "thresholds": [...], "counts": [[won, n]], "pairs": [[b, c]]}`` and
prints what they compute, both as JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np

RESAMPLES = 2000


def main() -> None:
    """Computes and prints."""
    from rliable import library, metrics
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.proportion import proportion_confint

    asked = json.load(sys.stdin)
    matrices = [np.array(one) for one in asked["matrices"]]
    thresholds = np.array(asked["thresholds"])

    def interval(figure: object) -> list[list[float]]:
        found = []
        for one in matrices:
            _, ends = library.get_interval_estimates(
                {"a": one},
                lambda x: np.array([figure(x)]),
                reps=RESAMPLES,
                random_state=np.random.RandomState(0),
            )
            found.append(ends["a"].ravel().tolist())
        return found

    def profile(kind: object) -> list[list[float]]:
        return [[float(kind(one, tau)) for tau in thresholds] for one in matrices]

    told = {
        "mean": [metrics.aggregate_mean(one) for one in matrices],
        "interquartile mean": [metrics.aggregate_iqm(one) for one in matrices],
        "optimality gap": [metrics.aggregate_optimality_gap(one) for one in matrices],
        "probability of improvement": [
            metrics.probability_of_improvement(one, 0.9 * one[::-1] + 0.1) for one in matrices
        ],
        "profile of episodes": profile(library.run_score_deviation),
        "profile of tasks": profile(library.mean_score_deviation),
        "interval of the mean": interval(metrics.aggregate_mean),
        "interval of the interquartile mean": interval(metrics.aggregate_iqm),
        "Wilson": [proportion_confint(won, n, method="wilson") for won, n in asked["counts"]],
        "McNemar": [mcnemar([[0, b], [c, 0]], exact=True).pvalue for b, c in asked["pairs"]],
    }
    plain = {name: np.asarray(value, float).tolist() for name, value in told.items()}
    print(json.dumps(plain))


if __name__ == "__main__":
    main()
