"""A trained agent's folder, where an agent is asked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import BadArgument, MissingExtra
from ..core.manifest import AgentRecord
from ..core.protocols import Agent

if TYPE_CHECKING:
    from ..agents.offline.player import TrainedAgent

CHECKPOINT = "checkpoint.json"


def is_trained(name: str) -> bool:
    """Whether the name of an agent is the folder of a trained one."""
    return (Path(name) / CHECKPOINT).is_file()


def refuse_other_folder(name: str) -> None:
    """Says where the agents are, where a folder is named that is none.

    Raises:
        BadArgument: it is a folder without a checkpoint.
    """
    folder = Path(name)
    if not folder.is_dir():
        return
    inside = sorted(str(path.parent) for path in folder.glob(f"*/{CHECKPOINT}"))
    hint = f"those in it are: {', '.join(inside)}" if inside else "polyathlon train makes one"
    raise BadArgument(f"{name} is no trained agent: it has no {CHECKPOINT}; {hint}")


def load_trained(folder: Path) -> tuple[AgentRecord, Agent]:
    """The agent in a folder, and its record, in which the hash of its weights stands.

    Raises:
        BadArgument: its checkpoint is damaged.
        MissingExtra: torch is not installed.
    """
    require_torch()
    from ..agents.offline.player import TrainedAgent

    agent = TrainedAgent.load(folder)
    return record_of(agent), agent


def record_of(agent: TrainedAgent) -> AgentRecord:
    """The record of a trained agent; its digest is that of its weights."""
    kind = type(agent)
    return AgentRecord(
        name=agent.name,
        path=f"{kind.__module__}:{kind.__qualname__}",
        dialect=agent.dialect,
        observations=agent.observations,
        source_digest=agent.digest(),
    )


def require_torch() -> None:
    """Says what to type where torch is not installed.

    Raises:
        MissingExtra: it is not.
    """
    for package in ("torch", "safetensors"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("offline", "adapters", package)
