"""What fitted adapters keep of the actions they were not fitted on, and for how many bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..adapters import DIALECTS
from ..adapters.fast import PADDING, FastAdapter
from ..adapters.storage import MANIFEST_FILE
from ..adapters.tokenizer import MultiEmbodimentTokenizer, box_of
from ..core.errors import BadArgument, RunDirectoryError
from ..core.fidelity import BodyReport, Fidelity, FidelityReport, Passage
from ..core.manifest import installed_versions
from ..core.protocols import ActionAdapter
from ..core.specs import Embodiment, derive_seed
from .fitting import (
    CHUNK,
    FILE_NAME,
    SHARED,
    UNFITTED,
    WORDS,
    FitRecord,
    Setting,
    adapter_folder,
    chunks,
    fitted_settings,
    read_held_out,
    read_record,
    recorded_inputs,
    space_for,
    stands,
)
from .streams import Stream

STRETCH = 96
"""Steps of the passage that is drawn."""

DRAWN = ("uniform, 8 bins", "vq", "rvq", "fast, precision 10")
"""Adapters whose reconstruction is drawn; finer ones lie upon the actions."""

FLOAT_BITS = 32
"""Bits of a number that a regression head says."""

Heard = Callable[[str, int, int], None]
"""Is told what is being measured, how many are done, and how many there are."""


def measure(folder: Path, heard: Heard = lambda *_: None) -> FidelityReport:
    """The report of a folder that :func:`.fitting.fit_all` filled.

    Args:
        folder: with ``fit.json``.
        heard: is told how it goes.

    Raises:
        RunDirectoryError: nothing was fitted there, or files of it are missing or changed.
        BadArgument: a saved adapter is damaged.
    """
    record = read_record(folder)
    held = read_held_out(folder, record)
    _refuse_mixed(folder, record)
    shared = None
    if any(body.kind == "continuous" for body in record.bodies):
        shared = MultiEmbodimentTokenizer.load(folder / SHARED.adapter)
    bodies = []
    for number, stream in enumerate(held):
        heard(stream.body.id, number, len(held))
        bodies.append(_body(stream, record, folder, shared))
    return FidelityReport(
        seed=record.seed,
        held_out=record.held_out,
        recipe={**msgspec.to_builtins(record.recipe), "chunk": CHUNK},
        bodies=tuple(bodies),
        hashes=dict(_hashes(folder)),
        versions=installed_versions(
            ("numpy", "torch", "vector-quantize-pytorch", "tokenizers", "mujoco", "metaworld")
        ),
        command=record.command,
    )


def _refuse_mixed(folder: Path, record: FitRecord) -> None:
    """Adapters of two fits side by side would make a report that nobody can repeat."""
    for place, inputs in recorded_inputs(record).items():
        if (folder / place / MANIFEST_FILE).exists() and not stands(folder / place, inputs):
            raise RunDirectoryError(
                f"{folder / place} is not what {FILE_NAME} speaks of: it was edited or damaged, or "
                f"stems from another fit; the command of {FILE_NAME} fits it again"
            )


class _Ranged(NamedTuple):
    """Held-out actions, clipped to the body's range, and the middle and half of that range."""

    stream: Stream
    actions: NDArray[Any]
    middle: NDArray[np.float64]
    half: NDArray[np.float64]

    def normalised(self, actions: NDArray[Any]) -> NDArray[np.float64]:
        """In [-1, 1]; a dimension without extent is 0."""
        apart = actions.astype(np.float64) - self.middle
        return np.divide(apart, self.half, out=np.zeros_like(apart), where=self.half > 0)


def _ranged(stream: Stream, counts: Mapping[str, Any]) -> _Ranged:
    box = box_of(stream.body)
    low = np.where(np.isfinite(box.low), box.low, np.asarray(counts["low"], np.float64))
    high = np.where(np.isfinite(box.high), box.high, np.asarray(counts["high"], np.float64))
    inside = tuple(
        one._replace(actions=np.clip(one.actions.astype(np.float32), box.low, box.high))
        for one in stream.episodes
    )
    clipped = Stream(stream.body, inside)
    return _Ranged(clipped, clipped.actions, (low + high) / 2, (high - low) / 2)


def _body(
    stream: Stream, record: FitRecord, folder: Path, shared: MultiEmbodimentTokenizer | None
) -> BodyReport:
    counts, body = record.counts[stream.body.id], stream.body
    told: dict[str, Any] = {
        "body": body,
        "sources": record.fitted[body.id],
        "episodes": tuple(counts["episodes"]),
        "actions": tuple(counts["actions"]),
    }
    if body.kind == "discrete":
        adapters = tuple(_discrete(setting, stream) for setting in WORDS)
        return BodyReport(**told, adapters=adapters)
    ranged = _ranged(stream, counts)
    found, spoken = [], {}
    for setting, adapter in _adapters(body, record, folder, shared):
        if isinstance(adapter, str):
            found.append(Fidelity(adapter=setting.adapter, setting=setting.words, refused=adapter))
            continue
        found.append(_continuous(setting, adapter, ranged))
        spoken[_label(setting)] = adapter
    return BodyReport(
        **told,
        clipped=counts["clipped"],
        numbers=counts["numbers"],
        constant=tuple(counts["constant"]),
        variance=float(ranged.normalised(ranged.actions).var(0).mean()),
        adapters=tuple(found),
        passage=_passage(ranged, spoken, record.seed),
    )


def _label(setting: Setting) -> str:
    coarse = setting.adapter in ("uniform", "quantile", "fast")
    return f"{setting.adapter}, {setting.words}" if coarse else setting.adapter


def _adapters(
    body: Embodiment, record: FitRecord, folder: Path, shared: MultiEmbodimentTokenizer | None
) -> Iterator[tuple[Setting, ActionAdapter | str]]:
    """Every setting with its adapter, or with why there is none."""
    refused = record.refused.get(body.id, {})
    for setting in (*UNFITTED, *fitted_settings(record.recipe)):
        if setting.folder in refused:
            yield setting, refused[setting.folder]
            continue
        kind, space = DIALECTS[setting.adapter], space_for(setting, body)
        try:
            if setting in UNFITTED:
                yield setting, kind(space, body, **setting.options)
                continue
        except BadArgument as error:
            yield setting, str(error)
            continue
        yield setting, kind.load(adapter_folder(folder, body.id, setting), space, body)
    if shared is not None:
        yield SHARED, shared.for_embodiment(body)


def _continuous(setting: Setting, adapter: ActionAdapter, ranged: _Ranged) -> Fidelity:
    if isinstance(adapter, FastAdapter):
        actions: NDArray[Any] = _chunked(ranged.stream)
        if not len(actions):
            words = f"no held-out episode is as long as a chunk of {CHUNK} steps"
            return Fidelity(adapter=setting.adapter, setting=setting.words, refused=words)
    else:
        actions = ranged.actions
    said = adapter.encode(actions)
    width = len(ranged.middle)
    back = np.asarray(adapter.decode(said)).reshape(-1, width)
    actions = actions.reshape(-1, width)
    error = ranged.normalised(back) - ranged.normalised(actions)
    largest = np.abs(back.astype(np.float64) - actions).max(0)
    tokens, bits = _cost(adapter, said, width)
    return Fidelity(
        adapter=setting.adapter,
        setting=setting.words,
        tokens=tokens,
        bits=bits,
        mse=float((error**2).mean()),
        mse_by_dimension=tuple((error**2).mean(0).tolist()),
        largest=tuple(largest.tolist()),
        usage=_usage(setting, adapter, said),
    )


def _chunked(stream: Stream) -> NDArray[Any]:
    try:
        return chunks(stream)
    except BadArgument:
        return np.empty((0,))


def _cost(adapter: ActionAdapter, said: NDArray[Any], width: int) -> tuple[float, float]:
    """Mean tokens and bits an action."""
    if isinstance(adapter, FastAdapter):
        tokens = float((said != PADDING).sum(-1).mean()) / CHUNK
        return tokens, tokens * math.log2(adapter.vocabulary)
    space = adapter.agent_space
    if isinstance(space, spaces.MultiDiscrete):
        return float(len(space.nvec)), float(np.log2(space.nvec.astype(float)).sum())
    return 0.0, float(FLOAT_BITS * width)


def _usage(
    setting: Setting, adapter: ActionAdapter, said: NDArray[Any]
) -> tuple[tuple[int, ...], ...]:
    if setting.adapter not in ("vq", "rvq", "tokenizer"):
        return ()
    assert isinstance(adapter.agent_space, spaces.MultiDiscrete)
    return tuple(
        tuple(np.bincount(said[:, level], minlength=int(codes)).tolist())
        for level, codes in enumerate(adapter.agent_space.nvec)
    )


def _discrete(setting: Setting, stream: Stream) -> Fidelity:
    adapter = DIALECTS[setting.adapter](space_for(setting, stream.body), stream.body)
    actions = stream.actions
    said = np.asarray(adapter.encode(actions))
    wrong = float((np.asarray(adapter.decode(said)) != actions).mean())
    if setting.adapter == "pred":
        return Fidelity(
            adapter=setting.adapter, setting=setting.words, tokens=1.0,
            bits=math.log2(len(stream.body.action_names)), mse=wrong,
        )  # fmt: skip
    vocabulary = len({token for sequence in adapter.sequences for token in sequence})
    tokens = float((said != adapter.padding).sum(-1).mean())
    letters = 10 if setting.adapter == "lang" else vocabulary
    return Fidelity(
        adapter=setting.adapter, setting=f"{setting.words}, {letters} tokens", tokens=tokens,
        bits=tokens * math.log2(letters), mse=wrong,
    )  # fmt: skip


def _passage(ranged: _Ranged, adapters: Mapping[str, ActionAdapter], seed: int) -> Passage | None:
    """A stretch where something moves, drawn from the seed among the held-out episodes."""
    episodes: Sequence[Any] = ranged.stream.episodes
    name = ranged.stream.body.id
    episode = episodes[derive_seed("passage", seed, name) % len(episodes)]
    moving = np.abs(np.diff(episode.actions, axis=0)).sum(1)
    length = min(STRETCH, len(episode.actions))
    if len(moving) < length:
        first = 0
    else:
        # The stretch with the most motion: at a standstill all adapters look alike.
        first = int(np.argmax(np.convolve(moving, np.ones(length - 1 or 1), "valid")))
    actions = episode.actions[first : first + length]
    said = {}
    for label in DRAWN:
        adapter = adapters.get(label)
        if adapter is None:
            continue
        if isinstance(adapter, FastAdapter):
            whole = actions[: length // CHUNK * CHUNK].reshape(-1, CHUNK, actions.shape[1])
            if not len(whole):
                continue
            back = adapter.decode(adapter.encode(whole)).reshape(-1, actions.shape[1])
        else:
            back = adapter.decode(adapter.encode(actions))
        said[label] = _rows(back)
    return Passage(
        source=episode.source,
        episode=episode.number,
        first=first,
        actions=_rows(actions),
        said=said,
    )


def _rows(actions: NDArray[Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(value, 6) for value in row) for row in actions.tolist())


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    """Each fitted adapter's own hash, by its folder."""
    for path in sorted(folder.glob(f"**/{MANIFEST_FILE}")):
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
            yield str(path.parent.relative_to(folder)), str(manifest["sha256"])
        except (OSError, KeyError, msgspec.DecodeError) as error:
            raise RunDirectoryError(f"{path} is no manifest of an adapter: {error}") from error
