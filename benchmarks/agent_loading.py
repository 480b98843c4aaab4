"""From a name on the command line to an agent and its record, with every mistake named."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..adapters.storage import MANIFEST_FILE
from ..core.errors import AgentFailed, BadArgument, PolyathlonError, UnknownName
from ..core.manifest import AgentRecord
from ..core.protocols import Agent, embodiment_of
from ..core.registry import load_object
from ..core.specs import FIELDS, REWARD

ORACLE = "oracle"
"""The one agent that plays inside the worker, where each task's own solver can see the world."""


def load_agent(name: str, table: Mapping[str, Any]) -> tuple[AgentRecord, Agent | None]:
    """An agent by its name in a table, or as ``module:Class``, made without arguments.

    Returns:
        Its record, and the agent; None for the oracle, which plays inside the worker.

    Raises:
        UnknownName: no agent of that name; suggests the nearest.
        BrokenPlugin: the module or class is not there.
        BadArgument: what is there is not an agent.
        AgentFailed: its constructor raised.
    """
    if ":" not in name and name not in table:
        hint = " One of your own is called module:Class, a trained one by its folder."
        raise UnknownName("agent", name, table, hint)
    made = _construct(name, load_object(name) if ":" in name else table[name])
    placement = getattr(made, "placement", "evaluator")
    if name != ORACLE and placement != "evaluator":
        raise BadArgument(
            f"agent '{name}' has placement {placement!r}; only the oracle plays inside the worker"
        )
    if name != ORACLE and not isinstance(made, Agent):
        raise BadArgument(
            f"'{name}' is not an agent: it must have 'dialect', 'reset(slots, briefs)' and "
            "'act(observations, slots)'"
        )
    kind, dialect = type(made), _dialect(name, made)
    record = AgentRecord(
        name=name,
        path=f"{kind.__module__}:{kind.__qualname__}",
        dialect=dialect,
        placement=placement,
        observations=_observations(name, made),
        source_digest=_source_digest(kind, dialect),
        settings=_settings(name, made),
    )
    embodiment_of(made)
    return record, None if name == ORACLE else made


def _construct(name: str, kind: Any) -> Any:
    if not callable(kind):
        raise BadArgument(f"'{name}' is {type(kind).__name__}, not a class; name the class")
    try:
        return kind()
    except PolyathlonError:
        raise
    except (Exception, SystemExit) as error:
        raise AgentFailed(
            f"agent '{name}' could not be made without arguments: {type(error).__name__}: {error}",
            "".join(traceback.format_exception(error)),
        ) from error


def _dialect(name: str, made: Any) -> str:
    dialect = getattr(made, "dialect", "native")
    if not isinstance(dialect, str):
        raise BadArgument(f"agent '{name}' has dialect {dialect!r}; it must be a name")
    return dialect


def _observations(name: str, made: Any) -> tuple[str, ...] | None:
    """The fields an agent declares, or None where it leaves them to the task."""
    declared = getattr(made, "observations", None)
    if declared is None:
        return None
    fields = (declared,) if isinstance(declared, str) else declared
    if not isinstance(fields, (tuple, list)) or any(
        field not in (*FIELDS, REWARD) for field in fields
    ):
        raise BadArgument(
            f"agent '{name}' declares observations {declared!r}; they are some of "
            + ", ".join((*FIELDS, REWARD))
        )
    return tuple(fields)


def _settings(name: str, made: Any) -> dict[str, str]:
    """What an agent says of itself beyond its file."""
    told = getattr(made, "settings", {})
    fits = isinstance(told, Mapping) and all(
        isinstance(key, str) and isinstance(value, str) for key, value in told.items()
    )
    if not fits:
        raise BadArgument(f"agent '{name}' has settings that are no mapping of texts to texts")
    return dict(told)


def _source_digest(kind: type, dialect: str) -> str:
    """SHA-256 of the file a class stands in, so that one run is one agent.

    Where the dialect names a folder, over the manifest there as well, which holds the hash of all
    that was fitted: with another fit in the same folder it is another agent.
    """
    try:
        source = Path(inspect.getfile(kind)).read_bytes()
    except (OSError, TypeError):
        source = b""
    folder = dialect.partition(":")[2]
    with contextlib.suppress(OSError):
        source += (Path(folder) / MANIFEST_FILE).read_bytes() if folder else b""
    return hashlib.sha256(source).hexdigest() if source else ""
