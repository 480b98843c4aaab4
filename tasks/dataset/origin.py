"""Where official data sets come from: the commands that their authors give, and what to do next.

Nothing here downloads. Sources: README of github.com/d5rlbenchmark/d5rl, and for BridgeData
rail-berkeley.github.io/bridgedata. None of them publishes hashes.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ...core.errors import BadArgument

_BUCKET = "gs://d5rl_datasets"
_BRIDGE = "https://rail.eecs.berkeley.edu/datasets/bridge_release/data"


class Origin(NamedTuple):
    """Where a data set comes from.

    Attributes:
        family: by which it is imported.
        title: what it is.
        commands: that fetch it into the folder they are typed in; empty where nobody offers it.
        inside: the folder in there that ``variable`` is to name.
        variable: the environment variable by which the official code finds it, if it has one.
        note: what else one has to know.
    """

    family: str
    title: str
    commands: tuple[str, ...]
    inside: str = ""
    variable: str = ""
    note: str = ""


def _copy(name: str) -> str:
    return f'gsutil -m cp -r "{_BUCKET}/{name}" .'


_DEMOS = "kitchen_demos_multitask_lexa_view_and_wrist_npz"

ORIGINS: Mapping[str, Origin] = MappingProxyType(
    {
        "kitchen-standard": Origin(
            family="d5rl",
            title="the standard kitchen: people's demonstrations with pictures",
            commands=(_copy(f"KITCHEN_DATA/{_DEMOS}"),),
            inside=_DEMOS,
            variable="STANDARD_KITCHEN_DATASETS",
        ),
        "kitchen-randomized": Origin(
            family="d5rl",
            title="the randomised kitchen: demonstrations and play with pictures",
            commands=(_copy("KITCHEN_DATA/expert_demos"), _copy("KITCHEN_DATA/play_data")),
            variable="KITCHEN_DATASETS",
        ),
        "a1": Origin(
            family="d5rl",
            title="the A1: replay buffers of walking",
            commands=tuple(
                line
                for name in ("a1_extrapolate_above", "a1_hiking", "a1_interpolate")
                for line in (_copy(f"a1/{name}.zip"), f"unzip -q {name}.zip")
            ),
            variable="A1_DATASETS",
        ),
        "widowx": Origin(
            family="d5rl",
            title="the WidowX: sorting and placing",
            commands=(),
            note="No public place is known. Who has the folders *_sparse0/{train,test}/out.npy "
            "imports them; the official loader takes 200 episodes of each: --most 200.",
        ),
        "bridge": Origin(
            family="bridge",
            title="BridgeData V2: raw, demonstrations by people and by scripts",
            commands=tuple(
                line
                for name in ("demos_8_17", "scripted_6_18")
                for line in (f"wget {_BRIDGE}/{name}.zip", f"unzip -q {name}.zip")
            ),
            note=f"As RLDS: wget -r -np -nH --cut-dirs=4 {_BRIDGE}/tfds/",
        ),
    }
)
"""By name."""


def steps_for(name: str, folder: Path) -> Iterator[str]:
    """What to type to get a data set and to import it, a line each.

    Args:
        name: in ``ORIGINS``.
        folder: that it is to be fetched into.
    """
    origin = ORIGINS[name]
    yield f"# {origin.title}"
    if origin.note:
        yield f"# {origin.note}"
    if not origin.commands:
        return
    place = shlex.quote(str(folder))
    yield f"mkdir -p {place} && cd {place}"
    yield from origin.commands
    if origin.variable:
        inside = shlex.quote(str(folder / origin.inside))
        yield f"export {origin.variable}={inside}"
    yield f"polyathlon data fetch --verify {place}"
    yield f"polyathlon data import {origin.family} {place}"


def named_folders(family: str) -> list[Path]:
    """The folders that the environment variables of a family's official code name.

    Raises:
        BadArgument: none of them is set, or the family has none.
    """
    variables = [one.variable for one in ORIGINS.values() if one.family == family and one.variable]
    found = [Path(os.environ[name]) for name in variables if os.environ.get(name)]
    if not found:
        where = f", or set {', '.join(variables)}" if variables else ""
        raise BadArgument(f"say where the data of {family} lies: a file or a folder{where}")
    return found
