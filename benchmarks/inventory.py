"""What a data set holds, read once through and held against what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core.trajectory import Trajectory, digest_of_trajectories
from ..tasks.dataset.layout import Dataset

ACTIONS = {
    "continuous": "{} numbers",
    "discrete": "places in a list",
    "text": "commands in writing",
}
"""What actions are, by the kind of body."""


class Inventory(NamedTuple):
    """What was found.

    Attributes:
        facts: by name, in words.
        trouble: what is not as it was written; empty where all is.
    """

    facts: dict[str, str]
    trouble: str


def take_inventory(folder: Path) -> Inventory:
    """Reads a data set through, an episode at a time.

    Raises:
        BadArgument: it is no data set, or an episode of it is unsound.
    """
    dataset = Dataset(folder)
    lengths: list[int] = []
    returns: list[float] = []
    wins: list[bool] = []
    shapes: dict[str, str] = {}

    def counted() -> Iterator[Trajectory]:
        for one in dataset.trajectories():
            lengths.append(one.steps)
            returns.append(one.total_reward)
            if one.success is not None:
                wins.append(bool(one.success.any()))
            shapes.update(
                (k, f"{v.dtype} {list(v.shape[1:])}") for k, v in one.observations.items()
            )
            yield one

    digest = digest_of_trajectories(counted())
    own = dataset.metadata.get("polyathlon", {})
    facts = {
        "id": str(dataset.metadata.get("dataset_id", folder.name)),
        "episodes": f"{len(lengths):,}",
        "steps": f"{sum(lengths):,}",
        "observations": ", ".join(f"{name} {shape}" for name, shape in shapes.items()),
        "actions": ACTIONS[dataset.kind].format(len(dataset.low)),
    }
    if returns:
        spread = f"{np.min(returns):.6g} to {np.max(returns):.6g}"
        facts["return"] = f"mean {np.mean(returns):.6g}, {spread}"
    if wins:
        facts["success"] = f"{np.mean(wins):.0%} of {len(wins)} episodes"
    low, high = (dataset.metadata.get(f"ref_{end}_score") for end in ("min", "max"))
    if low is not None and high is not None:
        facts["scale"] = f"0 is {low:.6g}, 100 is {high:.6g}"
    facts["sha256"] = digest
    return Inventory(facts, _trouble(dataset, len(lengths), own.get("content_sha256"), digest))


def _trouble(dataset: Dataset, found: int, stated: str | None, digest: str) -> str:
    if found != len(dataset):
        return f"it holds {found} episodes, and says {len(dataset)}"
    if stated is not None and stated != digest:
        return f"its hash is {digest[:12]}, and it says {stated[:12]}: it is not what was written"
    return ""
