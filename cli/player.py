"""Whoever is to play: by a registered name, as module:Class, from a folder, or at an address."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..agents import AGENTS
from ..agents.remote.setting import is_address
from ..benchmarks.agent_loading import load_agent
from ..core.manifest import AgentRecord
from ..core.protocols import Agent
from .trained import is_trained, load_trained, refuse_other_folder


def load_player(name: str) -> tuple[AgentRecord, Agent | None]:
    """The agent of that name and its record; None for the oracle, which plays in the worker.

    Raises:
        PolyathlonError: there is none, or it cannot be made or reached; says why.
    """
    if is_address(name):
        from ..agents.remote.opening import open_agent

        return open_agent(name)
    if is_trained(name):
        return load_trained(Path(name))
    if name not in AGENTS and ":" not in name:
        refuse_other_folder(name)
    if ":" in name:
        # As with `python script.py`: an agent's module may lie in the folder one stands in.
        sys.path.append(os.getcwd())
    return load_agent(name, AGENTS)


def dismiss(agent: Agent | None) -> None:
    """Lets an agent that holds something, such as a connection, give it back."""
    close = getattr(agent, "close", None)
    if callable(close):
        close()
