"""One vocabulary of action tokens for many bodies.

Every continuous body speaks through one residual quantiser: its actions are normalised by a range
on record, padded on the right to a common number of slots, and said in two codes of 512 (GEA,
section 4.2 and appendix A: 21 slots). A code means another thing for every body, and padding is
left out of every error: over 21 slots an arm of four would seem five times as exact as it is.
Discrete bodies speak in the words of their actions, and screens in the small grammar of
:class:`.screen.UiWords`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, UnknownName
from ..core.protocols import ActionAdapter
from ..core.specs import Embodiment
from .lookup import Scale, entries_of
from .quantiser import Floats, Quantiser, Recipe, Watch, Whole, train
from .rvq import RvqAdapter, changed, checked_space, checked_stream, padded
from .storage import check_embodiment, load_adapter, save_adapter

NAME = "tokenizer"

SLOTS = 21
"""Dimensions that every continuous action is padded to (GEA, section 4.2)."""

KEPT = 4096
"""Actions of each body that stay with the tokenizer, to go on training with; of our own design."""

HELD_OUT = 8192
"""The most actions of a body that errors are measured on, a tenth of its stream otherwise."""

MANY = Embodiment(id="many", kind="continuous")
"""Stands for all bodies in the manifest; each is told in full among its options."""


class MultiEmbodimentTokenizer:
    """A residual quantiser shared by continuous bodies, and words for discrete ones.

    It is made by ``fit`` or ``load``.

    Args:
        quantiser: the shared networks and codebooks.
        recipe: how they were trained.
        adapters: an adapter through them for each continuous body, by its id.
        kept: some normalised actions of each, float32 `[N, D]`.
        held_out: others of each, on which errors are measured.
        words: the discrete bodies.
        trained: what fitting found of each body, e.g. how many numbers it clipped.
    """

    def __init__(
        self,
        quantiser: Quantiser,
        recipe: Recipe,
        adapters: Mapping[str, RvqAdapter],
        kept: Mapping[str, Floats],
        held_out: Mapping[str, Floats],
        words: Iterable[Embodiment] = (),
        trained: Mapping[str, Mapping[str, Any]] = {},
    ) -> None:
        self.quantiser, self.recipe, self.slots = quantiser, recipe, quantiser.size
        self._adapters, self._kept, self._held_out = dict(adapters), dict(kept), dict(held_out)
        self._words = {body.id: body for body in words}
        self._trained = {body: dict(facts) for body, facts in trained.items()}

    @property
    def embodiments(self) -> tuple[Embodiment, ...]:
        """The bodies it speaks for, continuous ones first."""
        continuous = (adapter.embodiment for adapter in self._adapters.values())
        return (*continuous, *self._words.values())

    @classmethod
    def fit(
        cls,
        streams: Mapping[Embodiment, Floats],
        *,
        words: Iterable[Embodiment] = (),
        slots: int = SLOTS,
        normalise: str = "range",
        recipe: Recipe | None = None,
        watch: Watch | None = None,
        **options: Any,
    ) -> Self:
        """A tokenizer trained on the actions of several bodies.

        Args:
            streams: actions `[N, D]` of each continuous body; what is outside its range is clipped
                and counted in the report. A tenth of each is held out for the errors.
            words: discrete bodies, which need no training.
            slots: dimensions that actions are padded to.
            normalise: ``range`` (as declared) or ``quantile`` (1 % and 99 % of the stream).
            recipe: how to train.
            watch: is told how far the training has come.
            options: fields of :class:`Recipe` that differ.

        Raises:
            BadArgument: no stream, an empty one, a body of more dimensions than slots or of
                another kind, or two bodies of one id.
            InvalidAction: an action is NaN or infinite.
            MissingExtra: torch or vector-quantize-pytorch is not installed.
        """
        words = tuple(words)
        recipe = changed(recipe or Recipe(), options)
        entries_of(recipe.codes, recipe.levels)
        if not streams:
            raise BadArgument("the tokenizer needs a stream of actions of a continuous body")
        _check_bodies([*streams, *words], words)
        parts = {
            body: _Part.of(body, actions, slots, normalise, recipe.seed)
            for body, actions in streams.items()
        }
        quantiser = train([part.train for part in parts.values()], recipe, slots, watch=watch)
        self = cls(quantiser, recipe, {}, {}, {}, words)
        for body, part in parts.items():
            self._take(body, part)
        return self

    def _take(self, body: Embodiment, part: _Part) -> None:
        self._kept[body.id], self._held_out[body.id] = part.kept, part.held_out
        self._trained[body.id] = part.facts
        self._bind(body, part.scale, self.quantiser)

    def _bind(self, body: Embodiment, scale: Scale, quantiser: Quantiser) -> None:
        rows = np.concatenate([self._kept[body.id], self._held_out[body.id]])
        self._adapters[body.id] = RvqAdapter.of(
            quantiser, scale, box_of(body), body, scale.restore(rows), recipe=self.recipe
        )

    def for_embodiment(self, body: str | Embodiment) -> ActionAdapter:
        """The adapter of a body.

        Args:
            body: its id, or the body itself: then every field of it must be as it was fitted.

        Raises:
            UnknownName: no such body.
            EmbodimentMismatch: it was fitted for another convention of actions.
        """
        name = body if isinstance(body, str) else body.id
        known = {known.id: known for known in self.embodiments}
        if name not in known:
            raise UnknownName("embodiment", name, known, " Add it with the tokenizer's add.")
        if isinstance(body, Embodiment):
            check_embodiment(known[name], body, NAME)
        if name in self._adapters:
            return self._adapters[name]
        from .semlang import SemLangAdapter

        count = len(self._words[name].action_names)
        return SemLangAdapter(spaces.Discrete(count), self._words[name])

    def add(
        self,
        body: Embodiment,
        actions: Floats,
        *,
        normalise: str = "range",
        updates: int = 0,
        **options: Any,
    ) -> dict[str, Any]:
        """Takes in another continuous body, and says what became of the ones before.

        Without updates the networks stay as they are: the old bodies' tokens keep their meaning
        to the bit, and the new body is said as well as codes made for others can. With updates
        training goes on, on the new stream and the actions that were kept of the old bodies: all
        tokens change their meaning, and what was trained on them must be trained anew.

        Args:
            body: the new body.
            actions: its stream `[N, D]`.
            normalise: ``range`` or ``quantile``.
            updates: steps of further training.
            options: fields of :class:`Recipe` that differ from the first training.

        Returns:
            ``retrained``; ``new``: the new body's entry of ``report``; ``before`` and ``after``:
            those of the old bodies.

        Raises:
            BadArgument: the stream is empty, the body does not fit or is there already.
            InvalidAction: an action is NaN or infinite.
        """
        _check_bodies([*self.embodiments, body], self._words.values())
        recipe = changed(self.recipe, {**options, "updates": max(1, updates)})
        part = _Part.of(body, actions, self.slots, normalise, recipe.seed)
        before = self.report()
        if updates:
            rows = [*self._kept.values(), part.train]
            self.quantiser = train(rows, recipe, self.slots, start=self.quantiser)
            for old in list(self._adapters.values()):
                self._bind(old.embodiment, old.scale, self.quantiser)
        self._take(body, part)
        after = self.report()
        new = after.pop(body.id)
        return {"retrained": bool(updates), "new": new, "before": before, "after": after}

    def encode(self, bodies: Sequence[str], actions: Sequence[Any]) -> Whole:
        """The codes `[N, levels]` of one action each of N continuous bodies.

        Raises:
            BadArgument: there are not as many bodies as actions.
            UnknownName: no such continuous body.
            InvalidAction: an action is no action of its body.
        """
        codes = np.empty((len(actions), self.quantiser.levels), np.int64)
        for adapter, places in self._sorted(bodies, len(actions)):
            codes[places] = np.stack([adapter.encode(actions[place]) for place in places])
        return codes

    def decode(self, bodies: Sequence[str], codes: Any) -> list[NDArray[Any]]:
        """The action of each of N continuous bodies, from codes `[N, levels]`.

        Raises:
            BadArgument: there are not as many bodies as utterances.
            UnknownName: no such continuous body.
            DecodeError: an utterance is no code of these books.
        """
        found: list[NDArray[Any]] = [np.empty(0)] * len(codes)
        for adapter, places in self._sorted(bodies, len(codes)):
            for place, action in zip(
                places, adapter.decode(np.asarray(codes)[places]), strict=True
            ):
                found[place] = action
        return found

    def _sorted(self, bodies: Sequence[str], count: int) -> Iterable[tuple[RvqAdapter, list[int]]]:
        if len(bodies) != count:
            raise BadArgument(f"{len(bodies)} bodies are named for {count} actions or utterances")
        for name in dict.fromkeys(bodies):
            if name not in self._adapters:
                raise UnknownName("continuous embodiment", name, self._adapters)
            yield self._adapters[name], [n for n, other in enumerate(bodies) if other == name]

    def report(self) -> dict[str, dict[str, Any]]:
        """What is known of each continuous body, errors on its held-out normalised actions.

        ``mse`` is over the active dimensions, ``mse_by_dimension`` each of them, ``mse_network``
        that of the trained encoder where ``mse`` is of the nearest entry. ``mse_padded`` is the
        mean over all slots as if padding were said without error: it is what hides the truth, and
        stands here to be compared. ``codes_used`` counts a level's codes in use. An error of
        reconstruction does not rank adapters by the success of policies that speak through them.
        """
        return {name: self._describe(name) for name in self._adapters}

    def _describe(self, name: str) -> dict[str, Any]:
        adapter, rows = self._adapters[name], self._held_out[name]
        actions = adapter.scale.restore(rows)
        codes = adapter.encode(actions)
        said, _ = adapter.scale.normalise(adapter.decode(codes))
        error = ((said - rows) ** 2).mean(0)
        through = self.quantiser.encode(padded(rows, self.slots))
        guessed, _ = adapter.scale.normalise(adapter.decode(through))
        return {
            "dimensions": rows.shape[1],
            "mse": float(error.mean()),
            "mse_by_dimension": error.tolist(),
            "mse_network": float(((guessed - rows) ** 2).mean()),
            "mse_padded": float(error.sum() / self.slots),
            "codes_used": [len(np.unique(column)) for column in codes.T],
            "resolution": np.asarray(adapter.resolution).tolist(),
            "low": adapter.scale.low.tolist(),
            "high": adapter.scale.high.tolist(),
            **self._trained.get(name, {}),
        }

    def save(self, folder: str | Path) -> None:
        """Writes the tokenizer with everything that ``add`` and ``report`` need."""
        arrays = {f"quantiser/{key}": value for key, value in self.quantiser.arrays.items()}
        for name, adapter in self._adapters.items():
            parts = {**adapter.parts(), "kept": self._kept[name], "held_out": self._held_out[name]}
            arrays |= {f"{name}/{key}": value for key, value in parts.items()}
        options = {
            "recipe": msgspec.to_builtins(self.recipe),
            "bodies": [msgspec.to_builtins(one.embodiment) for one in self._adapters.values()],
            "words": [msgspec.to_builtins(body) for body in self._words.values()],
            "trained": self._trained,
        }
        save_adapter(folder, NAME, arrays, options, MANY)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Reads what ``save`` wrote.

        Raises:
            BadArgument: a file is missing or damaged, or of another version.
        """
        arrays, options, _ = load_adapter(folder, NAME)
        try:
            bodies = msgspec.convert(options["bodies"], list[Embodiment])
            words = msgspec.convert(options["words"], list[Embodiment])
            recipe = msgspec.convert(options["recipe"], Recipe)
            quantiser = Quantiser(_under("quantiser", arrays))
            adapters, kept, held_out = {}, {}, {}
            for body in bodies:
                parts = _under(body.id, arrays)
                adapters[body.id] = RvqAdapter.assemble(
                    quantiser, parts, box_of(body), body, recipe=recipe
                )
                kept[body.id], held_out[body.id] = parts["kept"], parts["held_out"]
        except (KeyError, msgspec.ValidationError) as error:
            raise BadArgument(f"the tokenizer in {folder} is not whole: {error}") from error
        trained = options.get("trained", {})
        return cls(quantiser, recipe, adapters, kept, held_out, words, trained)


class _Part(msgspec.Struct, frozen=True):
    """A body's normalised actions, float32, and what was found in them."""

    scale: Any
    train: Any
    kept: Any
    held_out: Any
    facts: dict[str, Any]

    @classmethod
    def of(cls, body: Embodiment, actions: Any, slots: int, normalise: str, seed: int) -> _Part:
        space = checked_space(box_of(body), body, NAME)
        if space.shape[0] > slots:
            raise BadArgument(
                f"the body '{body.id}' has {space.shape[0]} dimensions, the tokenizer has {slots} "
                "slots; fit one with more"
            )
        stream = checked_stream(actions, space, NAME)
        scale = Scale.of(stream, space, body, normalise)
        rows, clipped = scale.normalise(stream)
        rows = rows[np.random.default_rng(seed).permutation(len(rows))].astype(np.float32)
        held = min(HELD_OUT, max(1, len(rows) // 10))
        # A stream of one action is all there is to train with and to measure on.
        training = rows[held:] if len(rows) > held else rows
        constant = np.flatnonzero(np.ptp(rows, axis=0) == 0).tolist()
        facts = {"actions": len(rows), "clipped": clipped, "constant_dimensions": constant}
        return cls(scale, training, training[:KEPT], rows[:held], facts)


def _under(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    prefix = f"{name}/"
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}


def _check_bodies(bodies: Sequence[Embodiment], words: Iterable[Embodiment]) -> None:
    discrete = {body.id for body in words}
    seen: set[str] = set()
    for body in bodies:
        kind = "discrete" if body.id in discrete else "continuous"
        if body.kind != kind:
            raise BadArgument(f"the body '{body.id}' is {body.kind}; it was given as {kind}")
        if body.id in seen:
            raise BadArgument(f"the tokenizer has a body '{body.id}' already")
        seen.add(body.id)


def box_of(body: Embodiment) -> spaces.Box:
    """The float32 action space that a continuous body declares; unbounded where it says nothing.

    Raises:
        BadArgument: the body is not continuous, or its bounds are no range.
    """
    size = len(body.action_names) or len(body.low)
    if body.kind != "continuous" or size == 0:
        raise BadArgument(f"the body '{body.id}' declares no vector of continuous actions")
    low = np.asarray(body.low or (-np.inf,) * size, np.float32)
    high = np.asarray(body.high or (np.inf,) * size, np.float32)
    if low.shape != (size,) or high.shape != (size,) or not (low <= high).all():
        raise BadArgument(f"the bounds of the body '{body.id}' are no range of {size} dimensions")
    return spaces.Box(low, high, (size,), np.float32)
