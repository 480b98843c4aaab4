"""Streams of actions to fit adapters on: from the runs of oracles and agents, split by episode."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, InvalidAction
from ..core.journal import read_actions, read_journal
from ..core.manifest import read_manifest
from ..core.specs import Embodiment, derive_seed


class Episode(NamedTuple):
    """The actions of one episode, in order.

    Attributes:
        source: the task or data set it is of.
        number: its number there.
        actions: `[T, D]`, or whole numbers `[T]` of a discrete body.
    """

    source: str
    number: int
    actions: NDArray[Any]


class Stream(NamedTuple):
    """All that is known of how one body moves."""

    body: Embodiment
    episodes: tuple[Episode, ...]

    @property
    def actions(self) -> NDArray[Any]:
        """One after the other, `[N, D]` or `[N]`."""
        return np.concatenate([one.actions for one in self.episodes])

    def digest(self) -> str:
        """SHA-256 over the bytes of every action, in order."""
        digest = hashlib.sha256()
        for one in self.episodes:
            digest.update(f"{one.source}\0{one.number}\0{one.actions.shape}".encode())
            digest.update(np.ascontiguousarray(one.actions).data)
        return digest.hexdigest()


def read_run(directory: Path) -> list[Stream]:
    """The streams of a run directory, a body each; episodes that are not valid have none.

    Raises:
        RunDirectoryError: it is no run.
        JournalCorrupt: its journal or actions are damaged.
        BadArgument: nothing was played there.
    """
    manifest = read_manifest(directory)
    found: dict[Embodiment, list[Episode]] = defaultdict(list)
    for one in sorted(read_journal(directory), key=lambda one: one.plan.key):
        if one.trace is not None:
            taken = np.asarray(read_actions(directory, one.trace))
            body = manifest.spec(one.plan.task).embodiment
            found[body].append(Episode(one.plan.task, one.plan.index, taken))
    if not found:
        raise BadArgument(f"the run in {directory} has no episode whose actions could be read")
    return [checked(body, episodes) for body, episodes in found.items()]


def checked(body: Embodiment, episodes: Iterable[Episode]) -> Stream:
    """A stream in which every action is one of its body's kind.

    Raises:
        BadArgument: there are no actions, or the body's are neither vectors nor indices.
        InvalidAction: an action has another width or kind, or is NaN or infinite.
    """
    kept = tuple(one for one in episodes if len(one.actions))
    if not kept:
        raise BadArgument(f"the stream of '{body.id}' is empty: there are no actions to fit to")
    if body.kind == "text":
        raise BadArgument(f"no adapter fits '{body.id}': its actions are text")
    size = len(body.action_names) or len(body.low)
    for one in kept:
        where = f"{one.source} episode {one.number}"
        whole = one.actions.dtype.kind in "iu"
        if body.kind == "discrete":
            if not whole or one.actions.ndim != 1:
                raise InvalidAction(f"{where}: the actions of '{body.id}' are not whole numbers")
            if one.actions.min() < 0 or one.actions.max() >= size:
                raise InvalidAction(f"{where}: an action is outside [0, {size - 1}]")
        elif one.actions.ndim != 2 or one.actions.shape[1] != size or one.actions.dtype.kind != "f":
            raise InvalidAction(
                f"{where}: actions of '{body.id}' are rows of {size} numbers; found "
                f"{one.actions.dtype} of shape {one.actions.shape}"
            )
        elif not np.isfinite(one.actions).all():
            step, dimension = np.argwhere(~np.isfinite(one.actions))[0].tolist()
            raise InvalidAction(
                f"{where} step {step}: dimension {dimension} is {one.actions[step, dimension]}; "
                "only finite numbers can be fitted to"
            )
    return Stream(body, kept)


def merged(streams: Sequence[Stream]) -> list[Stream]:
    """Streams of the same body as one; continuous bodies first.

    Raises:
        BadArgument: two bodies have one id and differ, or an episode occurs twice.
    """
    by_id: dict[str, list[Stream]] = defaultdict(list)
    for stream in streams:
        by_id[stream.body.id].append(stream)
    whole = []
    for name, parts in by_id.items():
        for part in parts[1:]:
            differing = parts[0].body.differences(part.body)
            if differing:
                raise BadArgument(f"two bodies are called '{name}': {'; '.join(differing)}")
        episodes = tuple(one for part in parts for one in part.episodes)
        if len({(one.source, one.number) for one in episodes}) < len(episodes):
            raise BadArgument(f"an episode of '{name}' is given twice; name each source once")
        whole.append(Stream(parts[0].body, episodes))
    return sorted(whole, key=lambda stream: stream.body.kind != "continuous")


def split(stream: Stream, share: float, seed: int) -> tuple[Stream, Stream]:
    """Episodes to fit on, and episodes held out: a share of each source, drawn from the seed.

    Whole episodes are held out: neighbouring actions are so alike that a split of single actions
    would hold out nothing.

    Args:
        stream: at least two episodes.
        share: of the episodes that is held out, above 0 and below 1.
        seed: which; an episode's lot depends on nothing but its own name and this.

    Raises:
        BadArgument: the share is none, or there is only one episode.
    """
    if not 0 < share < 1:
        raise BadArgument(f"the share held out is {share}; it must be above 0 and below 1")
    if len(stream.episodes) < 2:
        raise BadArgument(
            f"'{stream.body.id}' has one episode; two are needed, one to fit and one to hold out"
        )
    lots = {
        (one.source, one.number): derive_seed("held-out", seed, one.source, one.number)
        for one in stream.episodes
    }
    by_source: Mapping[str, list[Episode]] = defaultdict(list)
    for one in stream.episodes:
        by_source[one.source].append(one)
    held: set[tuple[str, int]] = set()
    for episodes in by_source.values():
        ordered = sorted(episodes, key=lambda one: lots[one.source, one.number])
        held.update((one.source, one.number) for one in ordered[: round(share * len(ordered))])
    if not held:  # A few episodes a source: then of all the sources together.
        ordered = sorted(stream.episodes, key=lambda one: lots[one.source, one.number])
        count = max(1, round(share * len(ordered)))
        held.update((one.source, one.number) for one in ordered[:count])
    parts = [
        tuple(one for one in stream.episodes if ((one.source, one.number) in held) is out)
        for out in (False, True)
    ]
    if not parts[0]:
        raise BadArgument(f"a share of {share} holds out every episode of '{stream.body.id}'")
    return Stream(stream.body, parts[0]), Stream(stream.body, parts[1])
