"""Fits every adapter to streams of actions, each into a folder of its own; what stands is kept.

``FOLDER/adapters/<body>/<name>`` holds an adapter of one body, ``FOLDER/tokenizer`` the quantiser
that all continuous bodies share, ``FOLDER/held_out.npz`` the actions that nothing was fitted on,
``FOLDER/fit.json`` what was fitted to what. A fit that was cut short goes on where it stood: a
folder that was fitted to the same actions in the same way is not fitted again.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
from gymnasium import spaces

from ..adapters import DIALECTS
from ..adapters.quantiser import Recipe
from ..adapters.storage import MANIFEST_FILE
from ..adapters.tokenizer import SLOTS, MultiEmbodimentTokenizer, box_of
from ..core.errors import BadArgument, PolyathlonError, RunDirectoryError
from ..core.files import write_atomically
from ..core.specs import Embodiment, canonical_json, digest_of
from .streams import Episode, Stream, split

FILE_NAME = "fit.json"
HELD_OUT = "held_out.npz"
INPUTS = "inputs.json"
FORMAT = 1

CHUNK = 16
"""Steps of a chunk for ``fast``; its authors take a second's worth."""


class Setting(NamedTuple):
    """One way to make one adapter.

    Attributes:
        adapter: its dialect.
        words: the way, for people; with the dialect it names the folder.
        options: arguments of ``fit``, or of the adapter where it learns nothing.
    """

    adapter: str
    words: str
    options: Mapping[str, Any] = {}

    @property
    def folder(self) -> str:
        """Its name on disk."""
        return "-".join([self.adapter, *re.findall(r"\w+", self.words)])


UNFITTED = (
    Setting("pred", "numbers"),
    *(Setting("uniform", f"{bins} bins", {"bins": bins}) for bins in (8, 32, 128, 512)),
)
"""Adapters of continuous bodies that learn nothing, coarse to fine."""

WORDS = (Setting("pred", "index"), Setting("semlang", "words"), Setting("lang", "digits"))
"""Adapters of discrete bodies."""

SHARED = Setting("tokenizer", "shared by all bodies")


def fitted_settings(recipe: Recipe) -> tuple[Setting, ...]:
    """Adapters of continuous bodies that learn, under one recipe for the quantisers."""
    return (
        *(Setting("quantile", f"{bins} bins", {"bins": bins}) for bins in (8, 32, 256)),
        Setting("vq", f"1 x {recipe.codes}", {"recipe": msgspec.structs.replace(recipe, levels=1)}),
        Setting(
            "rvq", f"2 x {recipe.codes}", {"recipe": msgspec.structs.replace(recipe, levels=2)}
        ),
        *(
            Setting("fast", f"precision {precision}", {"precision": float(precision)})
            for precision in (5, 10, 20)
        ),
    )


class FitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of ``fit.json``.

    Attributes:
        format: version of the file.
        seed: of the split and of the fits.
        held_out: share of the episodes that is.
        recipe: of the quantisers.
        bodies: the embodiments, continuous ones first.
        fitted: by body, source to the number of its episodes that were fitted on.
        digests: by body, of the actions fitted on and of those held out.
        counts: by body, the numbers of the report that need the actions themselves.
        refused: by body and setting, why an adapter does not fit.
        command: the command line.
    """

    format: int = FORMAT
    seed: int
    held_out: float
    recipe: Recipe
    bodies: tuple[Embodiment, ...]
    fitted: Mapping[str, Mapping[str, int]]
    digests: Mapping[str, tuple[str, str]]
    counts: Mapping[str, Mapping[str, Any]]
    refused: Mapping[str, Mapping[str, str]] = {}
    command: tuple[str, ...] = ()


class Watcher(Protocol):
    """Who wants to know how the fitting goes."""

    def fitting(self, what: str, done: int, total: int) -> None:
        """So many of the fits are done; this one begins."""

    def training(self, update: int, updates: int) -> None:
        """The quantiser that is being fitted has come so far."""

    def kept(self, what: str) -> None:
        """That one stands already, from an earlier start."""


def fit_all(
    streams: Sequence[Stream],
    folder: Path,
    recipe: Recipe,
    held_out: float,
    watcher: Watcher,
    command: tuple[str, ...] = (),
) -> FitRecord:
    """Fits every adapter that fits, and writes what the report needs.

    Args:
        streams: a body each, at least one.
        folder: made if need be.
        recipe: of the quantisers; its seed is that of the split as well.
        held_out: share of the episodes to fit nothing on.
        watcher: is told how it goes.
        command: the command line, for the record.

    Raises:
        BadArgument: no stream, a body with one episode, or a body that no adapter fits.
        RunDirectoryError: the disk refused.
    """
    if not streams:
        raise BadArgument("there are no actions to fit adapters to: name a source")
    parts = {stream.body: split(stream, held_out, recipe.seed) for stream in streams}
    _write_held_out(folder, [held for _, held in parts.values()])
    shared = [stream for stream, _ in parts.values() if stream.body.kind == "continuous"]
    jobs = [(stream, setting) for stream in shared for setting in fitted_settings(recipe)]
    total = len(jobs) + bool(shared)
    refused = _fit_each(jobs, folder, watcher, total)
    words = [stream.body for stream, _ in parts.values() if stream.body.kind == "discrete"]
    if shared:
        _fit_shared(shared, words, folder, recipe, watcher, total)
    record = FitRecord(
        seed=recipe.seed,
        held_out=held_out,
        recipe=recipe,
        bodies=tuple(parts),
        fitted={body.id: _by_source(train) for body, (train, _) in parts.items()},
        digests={body.id: (train.digest(), held.digest()) for body, (train, held) in parts.items()},
        counts={stream.body.id: _counts(stream, parts[stream.body]) for stream in streams},
        refused=refused,
        command=command,
    )
    write_atomically(folder / FILE_NAME, msgspec.json.format(canonical_json(record), indent=1))
    return record


def _fit_each(
    jobs: Sequence[tuple[Stream, Setting]], folder: Path, watcher: Watcher, total: int
) -> dict[str, dict[str, str]]:
    """Fits what does not stand yet; returns, by body and setting, why some cannot be fitted."""
    refused: dict[str, dict[str, str]] = {}
    for done, (stream, setting) in enumerate(jobs):
        what = f"{stream.body.id}: {setting.adapter}, {setting.words}"
        target = adapter_folder(folder, stream.body.id, setting)
        inputs = adapter_inputs(setting, stream.digest())
        if stands(target, inputs):
            watcher.kept(what)
            continue
        watcher.fitting(what, done, total)
        try:
            fitted = _fit(setting, stream, watcher)
        except BadArgument as error:
            refused.setdefault(stream.body.id, {})[setting.folder] = str(error)
            continue
        _save(fitted, target, inputs)
    return refused


def adapter_folder(folder: Path, body: str, setting: Setting) -> Path:
    """Where the adapter of a body is, or goes."""
    return folder / "adapters" / re.sub(r"[^\w.-]+", "_", body) / setting.folder


def space_for(setting: Setting, body: Embodiment) -> spaces.Space[Any]:
    """The action space that an adapter is made for: chunks for ``fast``."""
    if body.kind == "discrete":
        return spaces.Discrete(len(body.action_names))
    box = box_of(body)
    if setting.adapter != "fast":
        return box
    low, high = (np.tile(end, (CHUNK, 1)) for end in (box.low, box.high))
    return spaces.Box(low, high, dtype=np.float32)


def chunks(stream: Stream) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Whole chunks of each episode, none across two: `[N, CHUNK, D]`; the rests are left out.

    Raises:
        BadArgument: no episode is as long as a chunk.
    """
    found = [
        one.actions[: len(one.actions) // CHUNK * CHUNK].reshape(-1, CHUNK, one.actions.shape[1])
        for one in stream.episodes
    ]
    whole = np.concatenate(found)
    if not len(whole):
        raise BadArgument(f"no episode is as long as a chunk of {CHUNK} steps")
    return np.asarray(whole, np.float32)


def _fit(setting: Setting, stream: Stream, watcher: Watcher) -> Any:
    actions = chunks(stream) if setting.adapter == "fast" else stream.actions
    options = dict(setting.options)
    if "recipe" in options:
        options["watch"] = watcher.training
    return DIALECTS[setting.adapter].fit(
        actions, space_for(setting, stream.body), stream.body, **options
    )


def _fit_shared(
    streams: Sequence[Stream],
    words: Sequence[Embodiment],
    folder: Path,
    recipe: Recipe,
    watcher: Watcher,
    total: int,
) -> None:
    what = "tokenizer of all bodies"
    slots = _slots([stream.body for stream in streams])
    inputs = shared_inputs([stream.digest() for stream in streams], words, recipe, slots)
    if stands(folder / SHARED.adapter, inputs):
        watcher.kept(what)
        return
    watcher.fitting(what, total - 1, total)
    tokenizer = MultiEmbodimentTokenizer.fit(
        {stream.body: stream.actions for stream in streams},
        words=words,
        slots=slots,
        recipe=recipe,
        watch=watcher.training,
    )
    _save(tokenizer, folder / SHARED.adapter, inputs)


def _slots(bodies: Sequence[Embodiment]) -> int:
    """Action slots of the shared tokenizer: those published, or more where a body needs them."""
    return max(SLOTS, *(len(box_of(body).low) for body in bodies))


def adapter_inputs(setting: Setting, fitted_on: str) -> str:
    """The digest of all that the adapter of one body is made from.

    Args:
        setting: with the adapter's options.
        fitted_on: digest of the actions.
    """
    options = {key: msgspec.to_builtins(value) for key, value in setting.options.items()}
    return digest_of([fitted_on, setting.adapter, options])


def shared_inputs(
    fitted_on: Sequence[str], words: Sequence[Embodiment], recipe: Recipe, slots: int
) -> str:
    """The digest of all that the tokenizer of all bodies is made from; digests body by body."""
    return digest_of([list(fitted_on), list(words), msgspec.to_builtins(recipe), slots])


def recorded_inputs(record: FitRecord) -> Mapping[str, str]:
    """By folder below the fit, the inputs that its ``fit.json`` says were fitted there."""
    found: dict[str, str] = {}
    shared = [body for body in record.bodies if body.kind == "continuous"]
    for body in shared:
        for setting in fitted_settings(record.recipe):
            if setting.folder not in record.refused.get(body.id, {}):
                place = f"{adapter_folder(Path(), body.id, setting)}"
                found[place] = adapter_inputs(setting, record.digests[body.id][0])
    if shared:
        digests = [record.digests[body.id][0] for body in shared]
        words = [body for body in record.bodies if body.kind == "discrete"]
        inputs = shared_inputs(digests, words, record.recipe, _slots(shared))
        found[SHARED.adapter] = inputs
    return found


def stands(target: Path, inputs: str) -> bool:
    """Whether a folder holds what would be fitted: the note of its inputs is written last."""
    try:
        noted = msgspec.json.decode((target / INPUTS).read_bytes(), type=dict[str, str])
        manifest = hashlib.sha256((target / MANIFEST_FILE).read_bytes()).hexdigest()
    except (OSError, msgspec.DecodeError):
        return False
    return noted == {"inputs": inputs, "manifest": manifest}


def _save(fitted: Any, target: Path, inputs: str) -> None:
    fitted.save(target)
    manifest = hashlib.sha256((target / MANIFEST_FILE).read_bytes()).hexdigest()
    note = {"inputs": inputs, "manifest": manifest}
    write_atomically(target / INPUTS, canonical_json(note) + b"\n")


def _by_source(stream: Stream) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in stream.episodes:
        found[one.source] = found.get(one.source, 0) + 1
    return found


def _counts(stream: Stream, parts: tuple[Stream, Stream]) -> dict[str, Any]:
    """Facts about a stream that only its actions tell."""
    actions = stream.actions
    found: dict[str, Any] = {
        "episodes": [len(part.episodes) for part in parts],
        "actions": [len(part.actions) for part in parts],
    }
    if stream.body.kind == "continuous":
        box = box_of(stream.body)
        found["clipped"] = int(((actions < box.low) | (actions > box.high)).sum())
        found["numbers"] = int(actions.size)
        names = stream.body.action_names or [f"{n}" for n in range(actions.shape[1])]
        still = np.ptp(parts[0].actions, axis=0) == 0
        found["constant"] = [name for name, one in zip(names, still, strict=True) if one]
        # Where the body declares no range, errors are told in that of the actions fitted on.
        found["low"] = parts[0].actions.min(0).tolist()
        found["high"] = parts[0].actions.max(0).tolist()
    return found


def _write_held_out(folder: Path, streams: Sequence[Stream]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot use {folder}: {error.strerror}") from error
    episodes = {
        f"{stream.body.id}\t{one.source}\t{one.number}": one.actions
        for stream in streams
        for one in stream.episodes
    }
    arrays: dict[str, Any] = {f"{n}": one for n, one in enumerate(episodes.values())}
    packed = io.BytesIO()
    np.savez_compressed(packed, names=np.array(list(episodes)), **arrays)
    write_atomically(folder / HELD_OUT, packed.getvalue())


def read_record(folder: Path) -> FitRecord:
    """What was fitted in a folder.

    Raises:
        RunDirectoryError: nothing was, or by a newer version.
    """
    path = folder / FILE_NAME
    try:
        record = msgspec.json.decode(path.read_bytes(), type=FitRecord)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder} holds no fitted adapters ({FILE_NAME}: {error.strerror}); make them with: "
            "polyathlon tokenizer fit"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, PolyathlonError) as error:
        raise RunDirectoryError(f"{path} is no record of a fit: {error}") from error
    if record.format > FORMAT:
        raise RunDirectoryError(f"{path} is of format {record.format}; upgrade polyathlon")
    return record


def read_held_out(folder: Path, record: FitRecord) -> list[Stream]:
    """The streams that nothing was fitted on, in the order of the record.

    Raises:
        RunDirectoryError: they are missing or not those of the record.
    """
    path = folder / HELD_OUT
    found: dict[str, list[Episode]] = {body.id: [] for body in record.bodies}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for number, name in enumerate(arrays["names"].tolist()):
                body, source, episode = name.split("\t")
                found[body].append(Episode(source, int(episode), arrays[f"{number}"]))
    except (OSError, ValueError, KeyError) as error:
        raise RunDirectoryError(f"cannot read {path}: {error}") from error
    streams = [Stream(body, tuple(found[body.id])) for body in record.bodies]
    for stream in streams:
        if stream.digest() != record.digests[stream.body.id][1]:
            raise RunDirectoryError(
                f"{path} is not what {FILE_NAME} beside it speaks of: fit again into another folder"
            )
    return streams
