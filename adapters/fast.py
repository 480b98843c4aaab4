"""Chunks of actions as few tokens: a cosine transform over time, rounded, and byte pairs of it.

The scheme of "FAST: Efficient Action Tokenization" (Pertsch et al., 2025): a smooth motion has few
low frequencies, so most rounded coefficients are zero, and pairs that occur often become one token.
Its own code answers an utterance of the wrong length with zeros, which is a motion in some spaces;
here that is a :class:`DecodeError`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, InvalidAction, MissingExtra
from ..core.specs import Embodiment
from .batch import finite_actions, rounding
from .lookup import Scale
from .quantiser import Floats, Whole
from .rvq import checked_space, checked_stream
from .storage import check_embodiment, load_adapter, save_adapter

PADDING = -1
"""Fills an utterance up to the longest; no token has this id."""

FIRST_LETTER = 0x4E00
"""Coefficients are letters to the byte-pair encoder, from this code point on: 20,000 in a row."""

MOST_LETTERS = 20_000

MOST_TURNS = 64
"""How often an utterance is said anew until it is its own echo, before giving up."""

COUNTED_TURNS = 2
"""Turns that the resolution allows for; the errors seen in 200,000 chunks stay within one."""


class Chunks(Space[NDArray[np.int64]]):
    """The utterances of a :class:`FastAdapter`: token ids `[m]`, padded on the right.

    It holds those that come of encoding a chunk; a sample is the utterance of a random one.

    Args:
        adapter: whose utterances they are.
    """

    def __init__(self, adapter: FastAdapter) -> None:
        self._adapter = adapter
        super().__init__((adapter.longest,), np.int64)

    @property
    def is_np_flattenable(self) -> bool:
        """False: there is no fixed number of coordinates that all mean something."""
        return False

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> NDArray[np.int64]:
        """The utterance of a chunk that wanders at random through the range.

        Raises:
            BadArgument: a mask or probabilities were given, which this space does not take.
        """
        if mask is not None or probability is not None:
            raise BadArgument("Chunks draws from all motions: it takes no mask")
        return self._adapter.encode(self._adapter.wander(self.np_random))

    def contains(self, x: Any) -> bool:
        """Whether it decodes, and is what its own action is encoded to."""
        if not isinstance(x, np.ndarray) or x.shape != self.shape or x.dtype.kind not in "iu":
            return False
        try:
            return np.array_equal(self._adapter.encode(self._adapter.decode(x)), x)
        except DecodeError:
            return False


class FastAdapter:
    """Speaks chunks of a continuous body's actions in byte pairs of their rounded spectrum.

    An action of this adapter is a chunk: the environment's space is a ``Box`` of shape `[H, D]`,
    H steps of a body of D dimensions, as an action-chunking wrapper has it; a flat space `[D]` is
    a chunk of one step. An utterance is `[m]` token ids, as long as the longest possible, padded
    with ``PADDING`` on the right; ``decode`` takes one without its padding as well.

    Not every rounded spectrum is one that some action inside the range has. What ``encode`` says
    is repeated until decoding and encoding it gives the same: each turn comes nearer to the range,
    so that it ends. ``agent_space`` holds exactly those utterances.

    Args:
        env_space: the space of chunks, or of single actions.
        embodiment: the convention of an action.
        scale: the normalisation that was fitted.
        pairs: the byte-pair encoder, as the JSON of ``tokenizers``.
        precision: rounded steps per unit of the normalised spectrum (FAST: 10).
        report: what fitting found, for the record.

    Attributes:
        resolution: largest error of a round trip, in the shape and unit of an action.
        clipped: how many numbers given to ``encode`` lay outside the range.
        longest: tokens of the longest utterance.

    Raises:
        BadArgument: it is not fitted, or the space is not of that kind.
    """

    name: ClassVar[str] = "fast"
    kinds: ClassVar[tuple[str, ...]] = ("continuous",)

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        scale: Scale | None = None,
        pairs: str = "",
        precision: float = 10.0,
        report: dict[str, Any] | None = None,
    ) -> None:
        self._box, flat = _space_of_chunks(env_space, embodiment)
        self.env_space: Space[Any] = self._box
        if scale is None or not pairs:
            raise BadArgument(
                "the fast adapter learns from actions: make one by FastAdapter.fit(actions, "
                "env_space, embodiment), or load a saved one"
            )
        self.embodiment, self.scale, self.precision, self.clipped = embodiment, scale, precision, 0
        self.steps, self.size = _chunk_shape(self._box)
        self.longest, self.report, self._json = self.steps * self.size, dict(report or {}), pairs
        self._base, self._reach = _cosines(self.steps), _largest(self.steps, precision)
        self._pairs = _tokenizers().Tokenizer.from_str(pairs)
        self._letters = self._letters_by_token()
        self.vocabulary = len(self._letters)
        self._lengths = np.array([len(letters) for letters in self._letters])
        # A coefficient is off by half a step, and every turn moves it by as much at most.
        step = np.abs(self._base).sum(0) / (2 * precision)
        lost = COUNTED_TURNS * step[:, None] * scale.half + rounding(flat.low, flat.high)
        # A range narrower than the body's, by quantiles, cuts what lies beyond it.
        beyond = np.maximum(scale.low - flat.low, flat.high - scale.high).astype(np.float64)
        self.resolution: Floats = (lost + np.maximum(beyond, 0)).reshape(self._box.shape)
        self.agent_space: Space[Any] = Chunks(self)

    def _letters_by_token(self) -> list[NDArray[np.int64]]:
        """The coefficients that each token stands for.

        Raises:
            BadArgument: the byte pairs are not over the letters of this chunk and precision.
        """
        words = {token: text for text, token in self._pairs.get_vocab().items()}
        letters = []
        for token in range(len(words)):
            codes = np.array([ord(letter) for letter in words.get(token, "?")], np.int64)
            letters.append(codes - FIRST_LETTER - self._reach)
            if not len(codes) or np.abs(letters[-1]).max() > self._reach:
                raise BadArgument(f"token {token} of the byte pairs is no run of coefficients")
        return letters

    @classmethod
    def fit(
        cls,
        actions: Any,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        normalise: str = "range",
        precision: float = 10.0,
        vocabulary: int = 1024,
    ) -> Self:
        """An adapter whose byte pairs are those frequent in a stream.

        Args:
            actions: chunks `[N, H, D]`, or a stream `[T, D]` that is cut into chunks one after
                another (pass chunks where episodes must not be mixed); `[N, D]` for a flat space.
            env_space: the space of chunks, or of single actions.
            embodiment: the convention of an action.
            normalise: ``range`` or ``quantile``, see :meth:`Scale.of`. FAST takes quantiles, which
                cut off a hundredth of the data at either end.
            precision: rounded steps per unit of the normalised spectrum (FAST: 10).
            vocabulary: tokens, single coefficients among them (FAST: 1,024).

        Raises:
            BadArgument: no actions, or fewer than a chunk, a space that this adapter does not
                fit, or a vocabulary smaller than the alphabet of coefficients.
            InvalidAction: an action is NaN or infinite.
            MissingExtra: tokenizers is not installed.
        """
        space, flat = _space_of_chunks(env_space, embodiment)
        steps, size = _chunk_shape(space)
        stream = checked_stream(actions, flat, cls.name)
        axes = np.shape(actions)
        if len(axes) > 2 and len(space.shape) == 2 and axes[-2:] != space.shape:
            raise BadArgument(f"the chunks are {list(axes[-2:])}, the space is {list(space.shape)}")
        if len(stream) < steps:
            raise BadArgument(f"{len(stream)} actions are fewer than the {steps} of one chunk")
        reach = _largest(steps, precision)
        if vocabulary < 2 * reach + 1:
            raise BadArgument(
                f"a vocabulary of {vocabulary} is too small: at precision {precision} a chunk of "
                f"{steps} steps has {2 * reach + 1} different coefficients"
            )
        scale = Scale.of(stream, flat, embodiment, normalise)
        rows, clipped = scale.normalise(stream[: len(stream) // steps * steps])
        spectra = _rounded(rows.reshape(-1, steps, size), _cosines(steps), precision)
        pairs = _frequent_pairs(_texts(spectra, reach), reach, vocabulary)
        report = {"chunks": len(spectra), "clipped": clipped, "normalise": normalise}
        adapter = cls(
            env_space, embodiment, scale=scale, pairs=pairs.to_str(), precision=precision,
            report=report,
        )  # fmt: skip
        said = adapter.encode(scale.restore(rows).reshape(-1, *space.shape))
        adapter.report["tokens"] = float((said != PADDING).sum(-1).mean())
        adapter.clipped = clipped
        return adapter

    def decode(self, uttered: Any) -> NDArray[Any]:
        """The chunks `[..., H, D]` of token ids `[..., m]`, padded on the right where shorter.

        Raises:
            DecodeError: not whole numbers, an id of no token, padding between tokens, or another
                number of coefficients than a chunk has.
        """
        try:
            tokens = np.asarray(uttered)
        except ValueError as error:
            raise DecodeError(f"{uttered!r:.60} is not an array of token ids") from error
        if tokens.ndim == 0 or tokens.dtype.kind not in "iu":
            raise DecodeError(f"{uttered!r:.60} is not an array of token ids")
        if tokens.shape[-1] == 0:
            raise DecodeError("an utterance without tokens is no action")
        rows = tokens.reshape(-1, tokens.shape[-1])
        spectra = np.empty((len(rows), self.longest), np.int64)
        for number, row in enumerate(rows):
            spectra[number] = self._coefficients(row)
        chunks = self._restored(spectra.reshape(-1, self.steps, self.size))
        return chunks.reshape(*tokens.shape[:-1], *self._box.shape)

    def _coefficients(self, row: NDArray[Any]) -> Whole:
        real = row[row != PADDING]
        if len(real) == 0 or (row[: len(real)] == PADDING).any():
            raise DecodeError("an utterance is tokens first and padding after them")
        if real.min() < 0 or real.max() >= self.vocabulary:
            raise DecodeError(
                f"a token of {real.tolist()!s:.60} is outside [0, {self.vocabulary - 1}]"
            )
        length = int(self._lengths[real].sum())
        if length != self.longest:
            raise DecodeError(
                f"the utterance means {length} coefficients, a chunk of {self.steps} x {self.size} "
                f"has {self.longest}"
            )
        return np.concatenate([self._letters[token] for token in real])

    def encode(self, action: Any) -> Whole:
        """The token ids `[..., m]` of chunks `[..., H, D]`.

        Numbers outside the range are clipped, and counted in ``clipped``.

        Raises:
            InvalidAction: not numbers, of a wrong shape, NaN or infinite.
        """
        shape = self._box.shape
        actions = finite_actions(action, self.size, self.scale.dtype)
        if actions.shape[actions.ndim - len(shape) :] != shape:
            raise InvalidAction(f"a chunk has the shape {shape}, the one given {actions.shape}")
        lead = actions.shape[: actions.ndim - len(shape)]
        if not actions.size:
            return np.full((*lead, self.longest), PADDING, np.int64)
        rows, clipped = self.scale.normalise(actions.reshape(-1, self.steps, self.size))
        self.clipped += clipped
        spectra = self._settled(rows)
        said = np.full((len(rows), self.longest), PADDING, np.int64)
        found = self._pairs.encode_batch(_texts(spectra, self._reach), add_special_tokens=False)
        for row, words in zip(said, found, strict=True):
            row[: len(words.ids)] = words.ids
        return said.reshape(*lead, self.longest)

    def _settled(self, rows: Floats) -> Whole:
        """The rounded spectra of normalised chunks, such that their own chunks have the same.

        Rounding finds the nearest spectrum to a chunk, and clipping the nearest chunk inside the
        range to a spectrum, in the same distance: so the two come nearer with every turn, and
        there are only so many spectra.
        """
        spectra = _rounded(rows, self._base, self.precision)
        moving = np.arange(len(rows))
        for _ in range(MOST_TURNS):
            back, _ = self.scale.normalise(
                self._restored(spectra[moving]).reshape(-1, self.steps, self.size)
            )
            again = _rounded(back, self._base, self.precision)
            differing = (again != spectra[moving]).any((1, 2))
            moving = moving[differing]
            if not len(moving):
                return spectra
            spectra[moving] = again[differing]
        raise InvalidAction("the action has no utterance that says it again; clip it to its range")

    def _restored(self, spectra: Whole) -> NDArray[Any]:
        rows = np.einsum("kt,nkd->ntd", self._base, spectra / self.precision)
        return self.scale.restore(np.clip(rows, -1.0, 1.0))

    def wander(self, chance: np.random.Generator) -> NDArray[Any]:
        """A chunk that begins anywhere in the range and drifts at random, more or less smoothly."""
        first = chance.uniform(-1, 1, (1, self.size))
        steps = chance.normal(0, chance.uniform(0, 0.5), (self.steps, self.size))
        rows = np.clip(first + np.cumsum(steps, axis=0), -1.0, 1.0)
        return self.scale.restore(rows).reshape(self._box.shape)

    def save(self, folder: str | Path) -> None:
        """Writes the range and the byte pairs into a folder."""
        arrays = {"low": self.scale.low, "high": self.scale.high}
        options = {
            "pairs": self._json,
            "precision": self.precision,
            "report": self.report,
            "shape": list(self._box.shape),
        }
        save_adapter(folder, self.name, arrays, options, self.embodiment)

    @classmethod
    def load(cls, folder: str | Path, env_space: Space[Any], embodiment: Embodiment) -> Self:
        """Reads what ``save`` wrote.

        Raises:
            BadArgument: a file is missing or damaged, of another version, adapter or space.
            EmbodimentMismatch: it was fitted for another convention of actions.
        """
        arrays, options, fitted = load_adapter(folder, cls.name)
        check_embodiment(fitted, embodiment, cls.name)
        space, flat = _space_of_chunks(env_space, embodiment)
        sound = all(
            key in arrays and (arrays[key].shape, arrays[key].dtype) == (flat.shape, flat.dtype)
            for key in ("low", "high")
        )
        if not sound or options.get("shape") != list(space.shape):
            raise BadArgument(
                f"the saved fast adapter is for chunks of shape {options.get('shape')}, not {space}"
            )
        return cls(
            env_space, embodiment, scale=Scale(arrays["low"], arrays["high"]),
            pairs=str(options["pairs"]), precision=float(options["precision"]),
            report=options["report"],
        )  # fmt: skip


def _space_of_chunks(space: Space[Any], embodiment: Embodiment) -> tuple[spaces.Box, spaces.Box]:
    """The space, and that of one step of it.

    Raises:
        BadArgument: it is not a Box of floats `[D]` or `[H, D]`, or its steps differ in range.
    """
    if isinstance(space, spaces.Box) and len(space.shape) == 2 and 0 not in space.shape:
        low, high = space.low[0], space.high[0]
        if (space.low != low).any() or (space.high != high).any():
            raise BadArgument("the fast adapter needs a chunk whose steps all have the same range")
        flat = spaces.Box(low, high, dtype=space.dtype.type)
        return space, checked_space(flat, embodiment, "fast")
    whole = checked_space(space, embodiment, "fast")
    return whole, whole


def _chunk_shape(space: spaces.Box) -> tuple[int, int]:
    return (1, space.shape[0]) if len(space.shape) == 1 else (space.shape[0], space.shape[1])


def _cosines(steps: int) -> Floats:
    """The orthonormal cosine transform (DCT-II) as a matrix `[frequency, step]`."""
    frequency, step = np.mgrid[:steps, :steps]
    base = np.sqrt(2 / steps) * np.cos(np.pi * (step + 0.5) * frequency / steps)
    base[0] /= np.sqrt(2)
    return np.asarray(base, np.float64)


def _largest(steps: int, precision: float) -> int:
    """The largest rounded coefficient: all energy of a chunk at an end of its range in one.

    Raises:
        BadArgument: the precision is not above 0, or asks for more letters than there are.
    """
    if not precision > 0 or precision * np.sqrt(steps) > MOST_LETTERS // 2 - 2:
        raise BadArgument(f"a precision of {precision} cannot be had with chunks of {steps} steps")
    return int(np.ceil(precision * np.sqrt(steps)))


def _rounded(rows: Floats, base: Floats, precision: float) -> Whole:
    """The rounded spectra `[N, H, D]`, low frequencies first, of normalised chunks `[N, H, D]`."""
    spectra = precision * np.einsum("kt,ntd->nkd", base, rows)
    return np.asarray(np.rint(spectra), np.int64)


def _frequent_pairs(texts: Any, reach: int, vocabulary: int) -> Any:
    """A tokenizer of the byte pairs that are frequent in spectra written as text."""
    letters = [chr(FIRST_LETTER + number) for number in range(2 * reach + 1)]
    library = _tokenizers()
    pairs = library.Tokenizer(library.models.BPE())
    trainer = library.trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=letters, limit_alphabet=len(letters),
        min_frequency=2, show_progress=False, special_tokens=[],
    )  # fmt: skip
    pairs.train_from_iterator(texts, trainer)
    return pairs


def _texts(spectra: Whole, reach: int) -> list[str]:
    """A letter for each coefficient, all dimensions of a frequency before the next."""
    codes = (spectra + (FIRST_LETTER + reach)).reshape(len(spectra), -1).astype("<u4")
    return [row.tobytes().decode("utf-32-le") for row in codes]


def _tokenizers() -> Any:
    try:
        import tokenizers
        import tokenizers.models
        import tokenizers.trainers
    except ModuleNotFoundError as error:
        raise MissingExtra("adapters", "adapters", error.name or "tokenizers") from error
    return tokenizers
