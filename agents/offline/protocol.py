"""How long is trained and how often is played, as data."""

from __future__ import annotations

from types import MappingProxyType

import msgspec


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol.

    Attributes:
        steps: updates.
        evaluate_every: updates between evaluations; the last update is always followed by one.
        episodes: of an evaluation.
        final_episodes: of the last evaluation.
        save_every: updates between checkpoints.
        log_every: updates between lines of the log.
    """

    steps: int
    evaluate_every: int
    episodes: int
    final_episodes: int
    save_every: int = 2_500
    log_every: int = 500


PROTOCOLS = MappingProxyType(
    {
        "official": Protocol(steps=500_000, evaluate_every=10_000, episodes=50, final_episodes=100),
        "lite": Protocol(steps=50_000, evaluate_every=10_000, episodes=20, final_episodes=20),
        "smoke": Protocol(
            steps=200, evaluate_every=100, episodes=2, final_episodes=2, save_every=50, log_every=50
        ),
    }
)
"""``official`` is the offline half of D5RL's script for the standard kitchen
(github.com/d5rlbenchmark/d5rl); ``lite`` is ours, for a processor; ``smoke`` shows that all works.
"""
