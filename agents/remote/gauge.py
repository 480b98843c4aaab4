"""What a server counts, for whoever watches it: Prometheus' text format."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Gauges:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = known = CollectorRegistry()

        def gauge(name: str, words: str) -> Gauge:
            return Gauge(f"polyathlon_{name}", words, registry=known)

        def counter(name: str, words: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(f"polyathlon_{name}", words, labels, registry=known)

        def histogram(name: str, words: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"polyathlon_{name}", words, buckets=buckets, registry=known)

        self.clients = gauge("clients", "connected now")
        self.episodes = gauge("episodes", "open now")
        self.waiting = gauge("waiting", "observations that wait for their action")
        self.begun = counter("begun", "episodes begun")
        self.actions = counter("actions", "actions given")
        self.batch = histogram("batch_size", "observations a call", BATCHES)
        self.seconds = histogram("act_seconds", "a call of the agent", SECONDS)
        self.refused = counter("refused", "refusals and faults, by code", ["code"])
        self.resumed = counter("resumed", "connections that found their episodes again")

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)
