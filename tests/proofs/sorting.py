"""Episodes of the WidowX: by its expert, by its tiers of data, and at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from polyathlon.benchmarks.making import Player
from polyathlon.core.tier import Tier
from polyathlon.tasks.d5rl.widowx import WIDOWX_TASKS
from polyathlon.tasks.d5rl.widowx.expert import TIERS

ORACLE = "expert"

PLAYERS = {
    ORACLE: Tier(),
    **{name: tier for name, tier in TIERS.items() if tier.noise or any(tier.solver.values())},
    "random": Tier(random=1.0),
}
"""Who plays, by name."""


class Sorted(NamedTuple):
    """One episode: won or not, after how many steps, and how much lay in its place."""

    success: bool
    steps: int
    placed: float


def measured(seeds: range) -> Iterator[tuple[str, str, list[Sorted]]]:
    """For each task and player its name, the player's, and an episode a seed."""
    for task in WIDOWX_TASKS[:2]:  # the others have the same worlds
        for name, tier in PLAYERS.items():
            player = Player(task, {})
            try:
                yield task.id, name, [_play(player, tier, seed) for seed in seeds]
            finally:
                player.close()


def _play(player: Player, tier: Tier, seed: int) -> Sorted:
    played = player.play(tier, seed)
    success = bool(np.any(played.success))
    return Sorted(success, len(played.rewards), float(sum(player.env.unwrapped.placed)))
