"""Writes data in exactly the layout of the release, with screens of our own.

For trying readers, converters and agents where the release is not at hand, and for tests. The same
arguments make the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ...core.errors import BadArgument, RunDirectoryError
from ...core.files import replacing, write_atomically
from ..dataset.tfrecord import framed
from ..storage import make_directory
from .action import to_record
from .generator import SUBSPLITS, generate
from .message import serialise_example, serialise_forest
from .official import NAME, SPLITS_FILE, SUBSPLITS_FILE
from .screen import Episode, Screen

SHARDS = 2
"""Files of episodes; the release has 20."""

TURNS = ("train", "idd", "app-unseen", "train", "task-unseen", "category-unseen", "train",
         "validation", "train", "idd")  # fmt: skip
"""Splits of the episodes, in turns."""

MOST_EPISODES = 100_000


def write_sample(
    folder: Path, episodes: int, seed: int = 0, told: Callable[[int, int], None] = lambda *_: None
) -> Mapping[str, int]:
    """Writes files of episodes and the two lists of splits.

    Args:
        folder: made if need be; must hold no such files.
        episodes: how many.
        seed: of other episodes.
        told: hears how many of them are written.

    Returns:
        How many episodes there are of each split.

    Raises:
        BadArgument: not a sensible number of episodes.
        RunDirectoryError: the folder holds data already, or the disk refused.
        MissingExtra: what writes messages and checksums is not installed.
    """
    if not 1 <= episodes <= MOST_EPISODES:
        raise BadArgument(f"--episodes is {episodes}; it must be from 1 to {MOST_EPISODES:,}")
    make_directory(folder)
    if any(NAME.match(one.name) or one.name == SPLITS_FILE for one in folder.iterdir()):
        raise RunDirectoryError(
            f"{folder} holds files of AndroidControl already; use another --out"
        )
    members: dict[str, list[int]] = {name: [] for name in ("train", "validation", *SUBSPLITS)}
    done = 0
    for shard in range(SHARDS):
        path = folder / f"android_control-{shard:05d}-of-{SHARDS:05d}"
        # Neither name nor time of the file: the same bytes whenever it is written.
        with replacing(path) as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as stream:
            for number in range(shard, episodes, SHARDS):
                split, index = _place(number)
                members[split].append(number)
                episode = msgspec.structs.replace(generate(split, index, seed), number=number)
                stream.write(framed(_example(episode)))
                done += 1
                told(done, episodes)
    lists = {name: sorted(numbers) for name, numbers in members.items()}
    test = sorted(number for name in SUBSPLITS for number in lists[name])
    main = {"train": lists["train"], "validation": lists["validation"], "test": test}
    parts = {split.official: lists[name] for name, split in SUBSPLITS.items()}
    write_atomically(folder / SUBSPLITS_FILE, json.dumps(parts).encode())
    write_atomically(folder / SPLITS_FILE, json.dumps(main).encode())
    return {name: len(numbers) for name, numbers in {**main, **parts}.items()}


def _place(number: int) -> tuple[str, int]:
    """The split of an episode, and its place in it."""
    rounds, turn = divmod(number, len(TURNS))
    split = TURNS[turn]
    return split, rounds * TURNS.count(split) + TURNS[:turn].count(split)


def _example(episode: Episode) -> bytes:
    screens = episode.screens
    return serialise_example(
        {
            "episode_id": [episode.number],
            "goal": [episode.goal.encode()],
            "screenshots": [_png(screen) for screen in screens],
            "accessibility_trees": [
                serialise_forest(one.elements, one.width, one.height) for one in screens
            ],
            "screenshot_widths": [screen.width for screen in screens],
            "screenshot_heights": [screen.height for screen in screens],
            "actions": [
                json.dumps(to_record(action, screen.width, screen.height)).encode()
                for action, screen in zip(episode.actions, screens, strict=False)
            ],
            "step_instructions": [words.encode() for words in episode.step_instructions],
        }
    )


def _png(screen: Screen) -> bytes:
    buffer = io.BytesIO()
    screen.image().save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
