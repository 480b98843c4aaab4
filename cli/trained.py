"""A trained agent's folder, where an agent is asked for."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from ..core.errors import BadArgument, MissingExtra, UnknownName
from ..core.manifest import AgentRecord
from ..core.protocols import Agent
from ..core.registry import load_object
from ..tasks import catalogue

CHECKPOINT = "checkpoint.json"

FORMATS = (1, 2)
"""Versions of ``checkpoint.json`` of any kind; each kind checks its own again."""

OFFLINE = "offline"
"""The kind of a checkpoint that does not say: those were there first."""

KINDS = {
    OFFLINE: "polyathlon.agents.offline.player:TrainedAgent",
    "online": "polyathlon.agents.online.player:OnlineAgent",
    "cloning": "polyathlon.agents.cloning.player:CloningAgent",
    "llarp": "polyathlon.agents.llarp.player:LlarpAgent",
    "gea": "polyathlon.agents.gea.player:GeaAgent",
}
"""What ``kind`` in a checkpoint may be, and who plays it. A checkpoint names no code."""

DEVICE, MOVED = "POLYATHLON_DEVICE", ("llarp", "gea")
"""Says where those kinds play, for a checkpoint is of no device; the others need no card."""


class TrainedAgent(Agent, Protocol):
    """An agent from a folder: besides playing, it says who it is."""

    name: str
    observations: tuple[str, ...]

    def digest(self) -> str:
        """SHA-256 of everything that was learnt."""


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
        BadArgument: its checkpoint is damaged, or the device is not here.
        UnknownName: its checkpoint is of a kind that nobody here plays.
        MissingExtra: a package is not installed.
    """
    require_torch()
    from ..agents.storage import read_document

    kind = str(read_document(folder, FORMATS).get("kind", OFFLINE))
    if kind not in KINDS:
        raise UnknownName("kind of agent", kind, KINDS, f" {folder} is of a newer version.")
    if kind == "online" and importlib.util.find_spec("stable_baselines3") is None:
        raise MissingExtra("online", "online", "stable-baselines3")
    device = os.environ.get(DEVICE)
    where = ({"device": device},) if device and kind in MOVED else ()
    agent: TrainedAgent = load_object(KINDS[kind]).load(folder, *where)
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


def shown_to(agent: Agent | None, tasks: Iterable[str]) -> list[str]:
    """The fields to show to an agent that sees other ones of each body; none to leave it open.

    They are what it sees of any of the tasks' bodies, where each of the tasks has them all.
    """
    fields = getattr(agent, "fields", None)
    if not isinstance(fields, Mapping) or getattr(agent, "observations", None) is not None:
        return []
    specs = [catalogue.find(one) for one in tasks]
    wanted = {field for one in specs for field in fields.get(one.embodiment.id, ())}
    shared = all(wanted <= set(one.observations) for one in specs)
    return sorted({*wanted, "instruction"}) if wanted and shared else []


def require_torch() -> None:
    """Says what to type where torch is not installed.

    Raises:
        MissingExtra: it is not.
    """
    for package in ("torch", "safetensors"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("offline", "adapters", package)
