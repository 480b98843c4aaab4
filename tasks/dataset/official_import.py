"""Official data sets of D5RL, converted from the user's copy into our layout by the episode."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from gymnasium import spaces

from ...core.errors import BadArgument
from ...core.specs import Embodiment
from ...core.trajectory import Trajectory, digest_of_trajectories
from ..d5rl.adroit import ADROIT_TASKS
from ..storage import Imported, Stored, family_directory, make_directory
from .layout import METADATA, Dataset, DatasetWriter, describe_space
from .official import READERS

FAMILY = "d5rl"

ALONE = {"buffer.pkl": "a1", "out.npy": "widowx"}
"""Files that are a data set each, by name, and their layout."""

BY_SUFFIX = {".npz": "kitchen-standard", ".pkl": "kitchen-randomized", ".hdf5": "adroit"}
"""Layouts by what the names of their files end in."""

EPISODE_FILES = frozenset({"kitchen-standard", "kitchen-randomized"})
"""Layouts with an episode a file, where the files of a folder are one data set."""


class Source(NamedTuple):
    """What becomes one data set: a name, a layout, and its files in order."""

    name: str
    layout: str
    files: tuple[Path, ...]


def import_path(path: Path, directory: Path) -> Iterator[Imported]:
    """Converts everything at a path; files that cannot be read are named, the others converted.

    Args:
        path: a file, or a folder of files in one or several of the official layouts.
        directory: the data directory.

    Raises:
        BadArgument: nothing there is in an official layout.
        RunDirectoryError: the disk refused.
    """
    sources = _sources(path)
    if not sources:
        raise BadArgument(
            f"{path} has no file in a layout of D5RL: {', '.join([*ALONE, *BY_SUFFIX])}"
        )
    for source in sources:
        yield from _import(source, make_directory(family_directory(FAMILY, directory)))


def list_stored(directory: Path) -> Iterator[Stored]:
    """What was imported, read through and held against its hash."""
    for path in sorted(family_directory(FAMILY, directory).glob(f"*/data/{METADATA}")):
        folder = path.parent.parent
        try:
            dataset = Dataset(folder)
            facts = _facts(dataset)
            found = digest_of_trajectories(dataset.trajectories())
        except BadArgument as error:
            yield Stored(name=folder.name, trouble=str(error))
            continue
        trouble = "" if found == facts["sha256"] else "it is not what was written"
        yield Stored(name=folder.name, trouble=trouble, facts=facts)


def _sources(path: Path) -> list[Source]:
    if not path.exists():
        raise BadArgument(f"{path} does not exist")
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    together: dict[str, list[Path]] = {}
    sources = []
    for file in files:
        layout = ALONE.get(file.name) or BY_SUFFIX.get(file.suffix)
        if layout in EPISODE_FILES:
            together.setdefault(layout, []).append(file)
        elif layout is not None:
            # Such files are all called the same: it is their folders that tell them apart.
            inside = file.relative_to(path.parent) if path.is_dir() else Path(file.name)
            words = [
                word for word in inside.with_suffix("").parts if word not in ("out", "buffers")
            ]
            sources.append(Source("-".join([layout, *words]), layout, (file,)))
    stem = path.stem
    return [
        *(Source(f"{layout}-{stem}", layout, tuple(found)) for layout, found in together.items()),
        *sources,
    ]


def _import(source: Source, family: Path) -> Iterator[Imported]:
    """One data set, written beside the one before and then put in its place."""
    beside = family / f".{source.name}"
    shutil.rmtree(beside, ignore_errors=True)
    writer = DatasetWriter(beside)
    count, sample = 0, None
    for file in source.files:
        first = count
        try:
            for one in READERS[source.layout](file):
                sample = sample or one
                _check_alike(one, sample, file)
                writer.put(count, one)
                count += 1
        except BadArgument as error:
            count = first if source.layout in EPISODE_FILES else 0
            yield Imported(source=str(file), trouble=str(error))
    if count == 0 or sample is None:
        shutil.rmtree(beside, ignore_errors=True)
        return
    writer.finish(count, _metadata(source, sample, writer, count))
    target = family / source.name
    shutil.rmtree(target, ignore_errors=True)
    os.replace(beside, target)
    dataset = Dataset(target)
    yield Imported(source=str(source.files[0].parent), name=source.name, facts=_facts(dataset))


def _check_alike(one: Trajectory, sample: Trajectory, file: Path) -> None:
    for found, wanted, what in (
        (one.actions.shape[1], sample.actions.shape[1], "actions"),
        (one.observations["state"].shape[1], sample.observations["state"].shape[1], "states"),
    ):
        if found != wanted:
            raise BadArgument(f"{file}: {what} have {found} numbers, those before it {wanted}")


def _metadata(
    source: Source, sample: Trajectory, writer: DatasetWriter, count: int
) -> dict[str, object]:
    seen: dict[str, spaces.Space[Any]] = {
        name: spaces.Box(0, 255, array.shape[1:], np.uint8)
        if array.dtype == np.uint8
        else spaces.Box(-np.inf, np.inf, array.shape[1:], np.float32)
        for name, array in sample.observations.items()
    }
    actions = spaces.Box(-1, 1, sample.actions.shape[1:], np.float32)
    body = _body_of(source, sample)
    return {
        "dataset_id": f"{FAMILY}/{source.name}-v0",
        "observation_space": json.dumps(describe_space(spaces.Dict(seen))),
        "action_space": json.dumps(describe_space(actions)),
        "polyathlon": {
            "layout": source.layout,
            **({} if body is None else {"embodiment": msgspec.to_builtins(body)}),
            "content_sha256": digest_of_trajectories(writer.get(n) for n in range(count)),
        },
    }


def _body_of(source: Source, sample: Trajectory) -> Embodiment | None:
    """Whose actions these are, where the file tells.

    Each of the Adroit hand's arms has its own number of motors, and the worlds of the official
    files and of our tasks are one model.
    """
    if source.layout != "adroit":
        return None
    bodies = {len(task.embodiment.action_names): task.embodiment for task in ADROIT_TASKS}
    return bodies.get(sample.actions.shape[1])


def _facts(dataset: Dataset) -> dict[str, str]:
    own = dataset.metadata.get("polyathlon", {})
    return {
        "episodes": str(len(dataset)),
        "steps": str(dataset.metadata.get("total_steps", "")),
        "sha256": str(own.get("content_sha256", "")),
    }
