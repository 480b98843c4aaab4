"""Residual vector quantisation of one body's actions: two tokens of 512 each by default.

A trained decoder is a finite thing: with two codebooks of 512 it can say 262,144 actions and no
other. The adapter therefore keeps all of them as a table and speaks through it: decoding is a
lookup, encoding the search for the nearest entry. That makes encode the exact right inverse of
decode, which no trained encoder is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument
from ..core.specs import Embodiment
from .batch import codes_of, continuous_range, finite_actions, rounding
from .lookup import Scale, Table, entries_of
from .quantiser import Floats, Quantiser, Recipe, Watch, Whole, train
from .storage import check_embodiment, load_adapter, save_adapter

PROBES = 1 << 12
"""Actions, of the data and of the whole range each, on which the resolution is measured."""

RESERVE = 1.1
"""The resolution is the largest error measured times this: a sample does not see the worst."""


def _some(actions: NDArray[Any], most: int, chance: np.random.Generator) -> NDArray[Any]:
    """At most so many of the actions, in order."""
    if len(actions) <= most:
        return actions
    return actions[np.sort(chance.choice(len(actions), most, replace=False))]


def _probes(scale: Scale, space: spaces.Box, seed: int) -> NDArray[Any]:
    """Actions all over the range: even inside, and with some dimensions at an end of theirs.

    Every fourth probe is even; in the others each dimension is at an end by one chance in two.
    """
    chance = np.random.default_rng(seed)
    count, size = PROBES, len(scale.low)
    # Where the space is wider than the scale, what lies outside counts as well.
    low = np.where(np.isfinite(space.low), space.low, scale.low)
    high = np.where(np.isfinite(space.high), space.high, scale.high)
    share = chance.random((count, size))
    ends = chance.random((count, size)) < 0.5
    ends[::4] = False
    share[ends] = np.round(share[ends])
    return np.asarray(low + share * (high - low), scale.dtype)


class RvqAdapter:
    """Speaks a continuous body's actions in codes of a residual quantiser.

    It is made by ``fit`` or ``load``; the arguments after the first two are what they hand over.

    Args:
        env_space: the environment's action space, a ``Box`` of shape ``(D,)``.
        embodiment: the convention of its actions.
        quantiser: the trained networks and codebooks.
        scale: the normalisation they were trained under.
        table: every action that can be said.
        resolution: largest error of a round trip per dimension `[D]`, in the action's own unit.
        recipe: how the quantiser was trained, for the record.
        report: what fitting measured, for the record.
        exact: encode to the nearest of all entries. Otherwise to what the trained encoder says,
            which on large batches of a long action is faster; then encode after decode is not
            always the identity, and ``resolution`` does not hold.

    Raises:
        BadArgument: it is not fitted, or the space is no such Box.
    """

    name: ClassVar[str] = "rvq"
    kinds: ClassVar[tuple[str, ...]] = ("continuous",)
    levels: ClassVar[int] = 2

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        quantiser: Quantiser | None = None,
        scale: Scale | None = None,
        table: Table | None = None,
        resolution: Floats | None = None,
        recipe: Recipe | None = None,
        report: Mapping[str, Any] = {},
        exact: bool = True,
    ) -> None:
        self._box = checked_space(env_space, embodiment, self.name)
        self.env_space: Space[Any] = self._box
        if quantiser is None or scale is None or table is None or resolution is None:
            raise BadArgument(
                f"the {self.name} adapter learns from actions: make one by "
                f"{type(self).__name__}.fit(actions, env_space, embodiment), or load a saved one"
            )
        self.embodiment, self.exact, self.clipped = embodiment, exact, 0
        self.quantiser, self.scale, self.table = quantiser, scale, table
        self.resolution, self.recipe, self.report = resolution, recipe, dict(report)
        self.agent_space: Space[Any] = spaces.MultiDiscrete([quantiser.codes] * quantiser.levels)
        self._shape = (quantiser.codes,) * quantiser.levels
        self._counts = np.full(quantiser.levels, quantiser.codes, np.int64)

    @classmethod
    def fit(
        cls,
        actions: Floats,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        normalise: str = "range",
        exact: bool = True,
        recipe: Recipe | None = None,
        watch: Watch | None = None,
        **options: Any,
    ) -> Self:
        """An adapter trained on actions `[N, D]`.

        Args:
            actions: a stream of the body's actions; those outside the range are clipped, and
                ``clipped`` begins with their number.
            env_space: the environment's action space.
            embodiment: the convention of its actions.
            normalise: ``range`` or ``quantile``, see :meth:`Scale.of`.
            exact: see the class.
            recipe: how to train; by default of this adapter's levels.
            watch: is told how far the training has come.
            options: fields of :class:`Recipe` that differ, e.g. ``updates=200``.

        Raises:
            BadArgument: no actions, of a wrong shape, or a space that this adapter does not fit.
            InvalidAction: an action is NaN or infinite.
            MissingExtra: torch or vector-quantize-pytorch is not installed.
        """
        space = checked_space(env_space, embodiment, cls.name)
        stream = checked_stream(actions, space, cls.name)
        recipe = changed(recipe or Recipe(levels=cls.levels), options)
        entries_of(recipe.codes, recipe.levels)
        scale = Scale.of(stream, space, embodiment, normalise)
        rows, clipped = scale.normalise(stream)
        quantiser = train([rows], recipe, space.shape[0], watch=watch)
        adapter = cls.of(quantiser, scale, space, embodiment, stream, exact=exact, recipe=recipe)
        adapter.clipped = clipped
        adapter.report |= {"clipped": clipped, "actions": len(stream), "normalise": normalise}
        return adapter

    @classmethod
    def of(
        cls,
        quantiser: Quantiser,
        scale: Scale,
        env_space: spaces.Box,
        embodiment: Embodiment,
        actions: Floats,
        *,
        exact: bool = True,
        recipe: Recipe | None = None,
    ) -> Self:
        """An adapter through a trained quantiser; its resolution is measured on ``actions``."""
        table, moved = Table.of(quantiser, scale)
        blank = np.full(len(scale.low), np.inf)
        adapter = cls(
            env_space, embodiment, quantiser=quantiser, scale=scale, table=table,
            resolution=blank, recipe=recipe, exact=exact,
        )  # fmt: skip
        adapter._measure(actions, recipe.seed if recipe else 0)
        adapter.report["set apart"] = moved
        return adapter

    def _measure(self, actions: Floats, seed: int) -> None:
        """Finds the resolution, and the errors on the data for the record."""
        sample = _some(actions, PROBES, np.random.default_rng(seed))
        inside = np.clip(sample.astype(self.scale.dtype), *continuous_range(
            self._box, self.embodiment, self.name
        ))  # fmt: skip
        codes = self.encode(inside)
        error = np.abs(self.decode(codes).astype(np.float64) - inside)
        probes = _probes(self.scale, self._box, seed)
        beyond = np.abs(self.decode(self.encode(probes)).astype(np.float64) - probes)
        resolution = RESERVE * np.maximum(error.max(0), beyond.max(0))
        resolution += rounding(self.scale.low, self.scale.high)
        bounded = np.isfinite(self._box.low) & np.isfinite(self._box.high)
        self.resolution = np.where(bounded, resolution, np.inf)
        self.report = {
            "mse": (error**2).mean(0).tolist(),
            "largest error": error.max(0).tolist(),
            "codes used": [len(np.unique(codes[:, n])) for n in range(codes.shape[1])],
        }
        self.clipped = 0

    def decode(self, uttered: Any) -> NDArray[Any]:
        """The actions `[..., D]` of codes `[..., levels]`.

        Raises:
            DecodeError: not whole numbers, of a wrong shape, or no codes of these books.
        """
        codes = codes_of(uttered, self._counts)
        entry = codes[..., 0]
        for level in range(1, len(self._shape)):
            entry = entry * self._shape[0] + codes[..., level]
        return self.table.actions[entry]

    def encode(self, action: Any) -> Whole:
        """The codes `[..., levels]` nearest to actions `[..., D]`.

        Numbers outside the range are clipped, and counted in ``clipped``.

        Raises:
            InvalidAction: not numbers, of a wrong shape, NaN or infinite.
        """
        actions = finite_actions(action, self._box.shape[0], self.scale.dtype)
        rows, clipped = self.scale.normalise(actions.reshape(-1, actions.shape[-1]))
        self.clipped += clipped
        if self.exact:
            entry = self.table.nearest(rows)
            codes = np.stack(np.unravel_index(entry, self._shape), axis=-1)
        else:
            codes = self.quantiser.encode(padded(rows, self.quantiser.size))
        return codes.reshape(*actions.shape[:-1], len(self._shape))

    def save(self, folder: str | Path) -> None:
        """Writes networks, table and record into a folder."""
        arrays = {f"quantiser.{key}": value for key, value in self.quantiser.arrays.items()}
        arrays |= self.parts()
        options = {
            "exact": self.exact,
            "recipe": msgspec.to_builtins(self.recipe),
            "report": self.report,
        }
        save_adapter(folder, self.name, arrays, options, self.embodiment)

    def parts(self) -> dict[str, NDArray[Any]]:
        """The arrays of this body alone, without the quantiser."""
        return {
            "table": self.table.actions,
            "low": self.scale.low,
            "high": self.scale.high,
            "resolution": np.asarray(self.resolution, np.float64),
        }

    @classmethod
    def load(cls, folder: str | Path, env_space: Space[Any], embodiment: Embodiment) -> Self:
        """Reads what ``save`` wrote.

        Raises:
            BadArgument: a file is missing or damaged, of another version, adapter or space.
            EmbodimentMismatch: it was fitted for another convention of actions.
        """
        arrays, options, fitted = load_adapter(folder, cls.name)
        check_embodiment(fitted, embodiment, cls.name)
        within = "quantiser."
        own = {key[len(within) :]: arrays[key] for key in arrays if key.startswith(within)}
        recipe = options.get("recipe")
        return cls.assemble(
            Quantiser(own), arrays, env_space, embodiment,
            exact=bool(options.get("exact", True)), report=options.get("report", {}),
            recipe=None if recipe is None else msgspec.convert(recipe, Recipe),
        )  # fmt: skip

    @classmethod
    def assemble(
        cls,
        quantiser: Quantiser,
        parts: Mapping[str, NDArray[Any]],
        env_space: Space[Any],
        embodiment: Embodiment,
        **record: Any,
    ) -> Self:
        """An adapter of a quantiser and the arrays of ``parts``.

        Raises:
            BadArgument: they do not fit each other or the space.
        """
        space = checked_space(env_space, embodiment, cls.name)
        shapes = {
            "table": (quantiser.codes**quantiser.levels, *space.shape),
            "low": space.shape, "high": space.shape, "resolution": space.shape,
        }  # fmt: skip
        for key, shape in shapes.items():
            if key not in parts or parts[key].shape != shape:
                raise BadArgument(f"the saved {cls.name} adapter's '{key}' does not fit {space}")
        actions = parts["table"]
        inside = (actions >= space.low).all() and (actions <= space.high).all()
        if {parts[key].dtype for key in ("table", "low", "high")} != {space.dtype} or not inside:
            raise BadArgument(f"the saved {cls.name} adapter says actions outside {space}")
        scale = Scale(parts["low"], parts["high"])
        return cls(
            space, embodiment, quantiser=quantiser, scale=scale, table=Table(actions, scale),
            resolution=parts["resolution"], **record,
        )  # fmt: skip


def checked_space(space: Space[Any], embodiment: Embodiment, name: str) -> spaces.Box:
    """The space, if learned adapters fit it.

    Raises:
        BadArgument: it is no flat Box of 32 or 64 bits, or not the body's.
    """
    continuous_range(space, embodiment, name)
    assert isinstance(space, spaces.Box)
    if space.dtype not in (np.float32, np.float64):
        raise BadArgument(f"the {name} adapter needs float32 or float64 actions, not {space.dtype}")
    return space


def checked_stream(actions: Any, space: spaces.Box, name: str) -> NDArray[Any]:
    """A stream of actions `[N, D]` to fit to; batch axes `[..., D]` are flattened.

    Raises:
        BadArgument: it is empty.
        InvalidAction: it is no array of numbers of that width, or one is NaN or infinite.
    """
    stream = finite_actions(actions, space.shape[0], space.dtype).reshape(-1, space.shape[0])
    if len(stream) == 0:
        raise BadArgument(f"the {name} adapter cannot be fitted to an empty stream of actions")
    return stream


def changed(recipe: Recipe, options: Mapping[str, Any]) -> Recipe:
    """The recipe with some fields replaced.

    Raises:
        BadArgument: it has no such field, or the value is unsound.
    """
    for name in options:
        if name not in Recipe.__struct_fields__:
            raise BadArgument(
                f"unknown option '{name}'; there are {', '.join(Recipe.__struct_fields__)}"
            )
    return msgspec.structs.replace(recipe, **options)


def padded(rows: Floats, size: int) -> Floats:
    """Rows `[N, D]` with zeros on the right, `[N, size]`."""
    if rows.shape[1] == size:
        return rows
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))
