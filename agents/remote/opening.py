"""From an address to an agent and its record."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from ...adapters.storage import MANIFEST_FILE
from ...core.errors import BadArgument, MissingExtra, PolicyFailed
from ...core.manifest import AgentRecord
from ...core.protocols import Agent
from ...core.specs import digest_of
from .setting import Setting, read_setting

PLACEMENT = "remote"


def open_agent(address: str) -> tuple[AgentRecord, Agent]:
    """The agent that is served at an address, and its record: what the server says of it.

    Args:
        address: ``ws://`` or ``wss://``; ``openpi://`` or ``vlaeval://`` for models that are
            served for those suites.

    Raises:
        BadArgument: the address, the mapping, or an environment variable, is not what it should be.
        PolicyFailed: nobody serves there, or lets us in, or what it says does not hold together.
        MissingExtra: a package is not installed.
    """
    require_packages("websockets")
    setting = read_setting(address)
    scheme = address.partition("://")[0]
    if scheme in ("openpi", "vlaeval"):
        return _open_peer(scheme, setting)
    from .player import RemoteAgent

    agent = RemoteAgent(setting)
    told = agent.welcome
    stated = {
        name: getattr(told, name)
        for name in (
            "name", "path", "dialect", "observations", "embodiment", "image_size", "source_digest",
            "adapter_digest", "settings",
        )
    }  # fmt: skip
    if digest_of(stated) != told.identity:
        agent.close()
        raise PolicyFailed(f"the policy at {address} states an identity that is not its own")
    if adapter_digest(told.dialect) != told.adapter_digest:
        agent.close()
        raise BadArgument(
            f"the policy at {address} speaks the fitted dialect '{told.dialect}', and that folder "
            "is not here, or is another fit; copy it from there to the same path"
        )
    record = AgentRecord(
        name=told.name,
        path=told.path,
        dialect=told.dialect,
        placement=PLACEMENT,
        observations=told.observations,
        source_digest=told.source_digest,
        settings=told.settings,
    )
    return record, agent


def _open_peer(scheme: str, setting: Setting) -> tuple[AgentRecord, Agent]:
    """A model that is served for another suite."""
    from .mapping import read_mapping
    from .openpi import OpenPiAgent
    from .vlaeval import VlaEvalAgent

    kind = OpenPiAgent if scheme == "openpi" else VlaEvalAgent
    mapping = read_mapping()
    agent = kind(setting, mapping)
    record = AgentRecord(
        name=mapping.name,
        path=f"{kind.__module__}:{kind.__qualname__}",
        dialect=agent.dialect,
        placement=PLACEMENT,
        observations=agent.observations,
        settings=agent.settings,
    )
    return record, agent


def adapter_digest(dialect: str) -> str:
    """SHA-256 of the manifest of the fitted adapter that a dialect names; empty for none."""
    folder = dialect.partition(":")[2]
    if not folder:
        return ""
    try:
        return hashlib.sha256((Path(folder) / MANIFEST_FILE).read_bytes()).hexdigest()
    except OSError:
        return ""


def require_packages(*packages: str) -> None:
    """Says what to type where one is not installed.

    Raises:
        MissingExtra: one is not.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("remote", "remote", package, "agents")
