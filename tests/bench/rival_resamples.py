"""Resamples a second of rliable's stratified bootstrap; runs where rliable is installed."""

from __future__ import annotations

import time

import numpy as np

RUNS, TASKS, RESAMPLES = 10, 200, 2000


def scores() -> np.ndarray:
    """Normalised scores `[runs, tasks]`."""
    return np.random.default_rng(0).random((RUNS, TASKS))


def main() -> None:
    """Prints the rate of the interquartile mean's interval."""
    from rliable import library, metrics

    table = {"agent": scores()}

    def aggregate(matrix: np.ndarray) -> np.ndarray:
        return np.array([metrics.aggregate_iqm(matrix)])

    library.get_interval_estimates(table, aggregate, reps=10)
    begun = time.process_time()
    library.get_interval_estimates(table, aggregate, reps=RESAMPLES)
    print(RESAMPLES / (time.process_time() - begun))


if __name__ == "__main__":
    main()
