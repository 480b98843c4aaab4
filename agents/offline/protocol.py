"""How long is trained and how often is played, as data."""

from __future__ import annotations

from types import MappingProxyType

import msgspec


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol.

    Attributes:
        offline: updates on the recorded episodes alone.
        online: updates thereafter, each after one step of the learner's own in its task.
        evaluate_every: updates between evaluations; one always follows the last update of either.
        episodes: of an evaluation.
        final_episodes: of the evaluations that follow those last updates.
        save_every: updates between checkpoints.
        log_every: updates between lines of the log.
    """

    offline: int
    online: int = 0
    evaluate_every: int
    episodes: int
    final_episodes: int
    save_every: int = 2_500
    log_every: int = 500

    @property
    def steps(self) -> int:
        """All updates."""
        return self.offline + self.online

    @property
    def has_parts(self) -> bool:
        """Whether it is first taught by recorded episodes and then practises."""
        return self.offline > 0 and self.online > 0

    def ends(self, step: int) -> bool:
        """Whether that update is the last of a part."""
        return step in (self.offline, self.steps)


PROTOCOLS = MappingProxyType(
    {
        "official": Protocol(
            offline=500_000, online=500_000, evaluate_every=10_000, episodes=50, final_episodes=100
        ),
        "official-100": Protocol(
            offline=500_000, online=500_000, evaluate_every=50_000, episodes=100, final_episodes=100
        ),
        "lite": Protocol(
            offline=50_000, online=25_000, evaluate_every=10_000, episodes=20, final_episodes=20
        ),
        "smoke": Protocol(
            offline=200, online=100, evaluate_every=100, episodes=2, final_episodes=2,
            save_every=50, log_every=50,
        ),
    }
)  # fmt: skip
"""``official`` is D5RL's script for the standard kitchen, ``official-100`` its script for the
randomised one (github.com/d5rlbenchmark/d5rl); ``lite`` is ours, for a processor; ``smoke`` shows
that all works.
"""
