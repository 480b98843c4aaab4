"""What two runs of the same agent have in common, whatever happened to either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def evidence(folder: Path) -> tuple[Any, ...]:
    """What must be the same: each episode's score and digests, and the result's figures."""
    episodes = {}
    for line in (folder / "episodes.jsonl").read_text().splitlines():
        one = json.loads(line)["episode"]
        key = one["plan"]["task"], one["plan"]["index"]
        assert key not in episodes, "an episode stands there twice"
        episodes[key] = (
            one["plan"]["seed"], one["outcome"], one["score"], one["total_reward"], one["steps"],
            one["metrics"], one["trace"]["digest"], one["reward_digest"], one["start_digest"],
            one["end_digest"],
        )  # fmt: skip
    result = json.loads((folder / "result.json").read_text())
    return episodes, result["headline"], result["episodes_digest"]
