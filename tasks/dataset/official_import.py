"""Official data sets of D5RL, converted from the user's copy into our layout by the episode."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from ...core.errors import BadArgument
from ...core.trajectory import Trajectory
from ..d5rl.adroit import ADROIT_TASKS
from ..storage import Imported, Stored
from . import intake
from .intake import Source, Told, Unit
from .official import OBJECTS, READERS, read_kitchen_npz, read_kitchen_pickle

FAMILY = "d5rl"

ALONE = {"buffer.pkl": "a1", "out.npy": "widowx"}
"""Files that are a data set each, by name, and their layout."""

BY_SUFFIX = {".npz": "kitchen-standard", ".pkl": "kitchen-randomized", ".hdf5": "adroit"}
"""Layouts by what the names of their files end in."""

KITCHENS = MappingProxyType(
    {"kitchen-standard": read_kitchen_npz, "kitchen-randomized": read_kitchen_pickle}
)
"""Layouts with an episode a file, where the files of a folder are one data set."""

KITCHEN_PARTS = ("expert_demos", "expert_suboptimal", "play_data")
"""Folders of the randomised kitchen that are data sets of their own."""

ACTION_SIZES = MappingProxyType(
    {
        "kitchen-standard": (9,),
        "kitchen-randomized": (9,),
        "a1": (12,),
        "widowx": (7,),
        "adroit": (24, 26, 28, 30),
    }
)
"""Numbers to an action of each body; of the Adroit hand: pen, hammer, door, relocate."""

ADROIT_BODIES = MappingProxyType(
    {len(task.embodiment.action_names): task.embodiment for task in ADROIT_TASKS}
)
"""The arms of the Adroit hand by their motors: official files and our tasks are of one model."""


def import_path(
    path: Path,
    directory: Path,
    *,
    targets: str = "id",
    most: int | None = None,
    told: Told | None = None,
) -> Iterator[Imported]:
    """Converts everything at a path; files that cannot be read are named, the others converted.

    Args:
        path: a file, or a folder of files in one or several of the official layouts.
        directory: the data directory.
        targets: a name in ``OBJECTS``: which objects of a kitchen count.
        most: episodes of each file that are taken, or None for all.
        told: hears how many files of how many are read.

    Raises:
        BadArgument: nothing there is in an official layout, or there are no such targets.
        RunDirectoryError: the disk refused.
    """
    if targets not in OBJECTS:
        raise BadArgument(f"--targets is '{targets}'; choose one of: {', '.join(OBJECTS)}")
    sources = _sources(path, targets)
    if not sources:
        raise BadArgument(
            f"{path} has no file in a layout of D5RL: {', '.join([*ALONE, *BY_SUFFIX])}"
        )
    for source in sources:
        yield from intake.take_in(source, FAMILY, directory, most, told)


def list_stored(directory: Path) -> Iterator[Stored]:
    """What was imported, read through and held against its hash."""
    return intake.list_stored(FAMILY, directory)


def _sources(path: Path, targets: str) -> list[Source]:
    if not path.exists():
        raise BadArgument(f"{path} does not exist")
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    together: dict[tuple[str, str], list[Path]] = {}
    sources = []
    for file in files:
        layout = ALONE.get(file.name) or BY_SUFFIX.get(file.suffix)
        if layout is None:
            continue
        if layout in KITCHENS:
            stem = next((part for part in file.parts if part in KITCHEN_PARTS), path.stem)
            together.setdefault((layout, stem), []).append(file)
        else:
            # Such files are all called the same: it is their folders that tell them apart.
            inside = file.relative_to(path.parent) if path.is_dir() else Path(file.name)
            words = [
                word for word in inside.with_suffix("").parts if word not in ("out", "buffers")
            ]
            unit = Unit(file, functools.partial(READERS[layout], file))
            name, bodies = "-".join([layout, *words]), ADROIT_BODIES if layout == "adroit" else {}
            sources.append(Source(name, layout, (unit,), ACTION_SIZES[layout], bodies=bodies))
    kitchens = [_kitchen(*key, found, targets) for key, found in together.items()]
    return [*kitchens, *sources]


def _kitchen(layout: str, stem: str, files: list[Path], targets: str) -> Source:
    name = f"{layout}-{stem}" + ("" if targets == "id" else f"-{targets}")

    def unit(file: Path) -> Unit:
        def read() -> Iterator[Trajectory]:
            return KITCHENS[layout](file, targets)

        return Unit(file, read)

    facts = {"targets": list(OBJECTS[targets])}
    return Source(name, layout, tuple(map(unit, files)), ACTION_SIZES[layout], facts=facts)
