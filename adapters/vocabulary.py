"""Which token stands for which code: an explicit table, for any tokenizer and any model.

Codes are what adapters utter for continuous bodies: at each level (a dimension's bin, a
codebook) a number from 0. A table gives each (body, level, code) a token id, either added after
the vocabulary or in place of ids that the caller names. Which ids a tokenizer seldom uses is not
guessed: it differs between tokenizers, and an id that is common English in one is never used in
another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, UnknownName
from ..core.files import write_atomically
from ..core.specs import digest_of

FORMAT = 1
"""Version of the file's layout."""

Sharing = Literal["none", "levels", "bodies", "all"]
"""Who may have the same id for the same code: nobody, the levels of a body, the bodies at the same
level, or all. Where levels share, the position in the sequence tells them apart, the mask cannot;
models trained under different sharing cannot read each other's tokens."""

Ids = Mapping[str, Sequence[Sequence[int]]]


class TokenTable:
    """From (body, level, code) to token id and back.

    Args:
        ids: body to its levels to the token id of each code.
        base_size: how many tokens the vocabulary had before: ids from there up are added rows,
            those below are in place of others.
        sharing: who may have the same ids.
        tokenizer: ``fingerprint`` of the tokenizer it was made for; empty for none in particular.

    Attributes:
        size: the token ids that a model must know are ``range(size)``.

    Raises:
        BadArgument: two entries that do not share have one id, or an id is negative.
    """

    def __init__(
        self, ids: Ids, base_size: int, *, sharing: Sharing = "none", tokenizer: str = ""
    ) -> None:
        self.base_size, self.sharing, self.tokenizer = base_size, sharing, tokenizer
        self._ids = {
            body: tuple(np.array(level, np.int64) for level in levels)
            for body, levels in ids.items()
        }
        self._check()
        highest = max((int(level.max()) for level in self._levels()), default=-1)
        self.size = max(base_size, highest + 1)

    def _levels(self) -> Iterable[NDArray[np.int64]]:
        return (level for levels in self._ids.values() for level in levels)

    def _check(self) -> None:
        if self.sharing not in ("none", "levels", "bodies", "all"):
            raise BadArgument(f"sharing '{self.sharing}': none, levels, bodies or all")
        owner: dict[int, tuple[tuple[Any, ...], str]] = {}
        for body, levels in self._ids.items():
            for level, tokens in enumerate(levels):
                if tokens.ndim != 1 or not tokens.size or tokens.min() < 0:
                    raise BadArgument(f"level {level} of '{body}' has no ids, or a negative one")
                for code, token in enumerate(tokens.tolist()):
                    place = f"code {code} of level {level} of '{body}'"
                    key = (_group(self.sharing, body, level), code)
                    known = owner.setdefault(token, (key, place))
                    if known[0] != key:
                        raise BadArgument(
                            f"token {token} stands for {known[1]} and for {place}, which do not "
                            f"share ids (sharing is '{self.sharing}')"
                        )

    @classmethod
    def added(
        cls, counts: Mapping[str, Sequence[int]], vocabulary: Any, *, sharing: Sharing = "none"
    ) -> TokenTable:
        """A table of ids after the vocabulary's last: nothing that the model knows is touched.

        Args:
            counts: body to the number of codes at each of its levels.
            vocabulary: a tokenizer, or how many tokens there are.
            sharing: who has the same ids.
        """
        first = vocabulary_size(vocabulary)
        total = sum(_sizes(counts, sharing).values())
        return cls._dealt(counts, vocabulary, range(first, first + total), sharing)

    @classmethod
    def overwriting(
        cls,
        counts: Mapping[str, Sequence[int]],
        vocabulary: Any,
        ids: Sequence[int] | Literal["tail"],
        *,
        sharing: Sharing = "none",
    ) -> TokenTable:
        """A table of ids that the model has already and that the caller can spare.

        Args:
            counts: body to the number of codes at each of its levels.
            vocabulary: a tokenizer, or how many tokens there are.
            ids: those to overwrite, the most dispensable first; more than needed may be given.
                ``tail`` is the vocabulary's last ids, special and added tokens left out: look
                at what they are before choosing it.
            sharing: who has the same ids.

        Raises:
            BadArgument: too few ids, one twice, one outside the vocabulary, or a special token.
        """
        size, special = vocabulary_size(vocabulary), special_ids(vocabulary)
        total = sum(_sizes(counts, sharing).values())
        if isinstance(ids, str):
            if ids != "tail":
                raise BadArgument(f"ids to overwrite are a list or 'tail', not '{ids}'")
            spare = [token for token in range(size) if token not in special][-total:]
        else:
            spare = [int(token) for token in ids][:total]
        if len(spare) < total:
            raise BadArgument(f"{total} ids are needed, {len(spare)} can be overwritten")
        if len(set(spare)) < total:
            raise BadArgument("an id to overwrite is named twice")
        for token in spare:
            if not 0 <= token < size or token in special:
                what = "a special token" if token in special else f"outside [0, {size - 1}]"
                raise BadArgument(f"token {token} cannot be overwritten: it is {what}")
        return cls._dealt(counts, vocabulary, spare, sharing)

    @classmethod
    def _dealt(
        cls,
        counts: Mapping[str, Sequence[int]],
        vocabulary: Any,
        ids: Sequence[int],
        sharing: Sharing,
    ) -> TokenTable:
        """Deals ids to those who share, in the order in which they are named."""
        first, dealt = 0, {}
        for group, size in _sizes(counts, sharing).items():
            dealt[group] = ids[first : first + size]
            first += size
        table = {
            body: [
                dealt[_group(sharing, body, level)][:count] for level, count in enumerate(levels)
            ]
            for body, levels in counts.items()
        }
        known = "" if isinstance(vocabulary, int) else fingerprint(vocabulary)
        return cls(table, vocabulary_size(vocabulary), sharing=sharing, tokenizer=known)

    @property
    def bodies(self) -> tuple[str, ...]:
        """The bodies it has ids for."""
        return tuple(self._ids)

    def token_ids(self) -> tuple[int, ...]:
        """Every id that stands for a code, ascending."""
        return tuple(np.unique(np.concatenate(list(self._levels()))).tolist())

    def steps(self, body: str) -> tuple[tuple[int, ...], ...]:
        """The ids of a body's codes level by level, as :class:`.trie.Forest` takes them."""
        return tuple(tuple(level.tolist()) for level in self._of(body))

    def token(self, body: str, level: int, code: int) -> int:
        """The id of one code.

        Raises:
            DecodeError: there is no such level or code.
        """
        levels = self._of(body)
        if not (0 <= level < len(levels) and 0 <= code < levels[level].size):
            raise DecodeError(f"'{body}' has no code {code} at level {level}")
        return int(levels[level][code])

    def tokens(self, body: str, codes: Any) -> NDArray[np.int64]:
        """Codes `[..., m]`, one a level, as token ids `[..., m]`.

        Raises:
            DecodeError: another number of levels, or a code that does not exist.
        """
        levels, array = self._of(body), self._whole(body, codes)
        found = np.empty(array.shape, np.int64)
        for number, level in enumerate(levels):
            column = array[..., number]
            if column.size and (column.min() < 0 or column.max() >= level.size):
                raise DecodeError(
                    f"level {number} of '{body}' has codes 0 to {level.size - 1}, not "
                    f"{column[(column < 0) | (column >= level.size)].flat[0]}"
                )
            found[..., number] = level[column]
        return found

    def codes(self, body: str, tokens: Any) -> NDArray[np.int64]:
        """Token ids `[..., m]` as codes `[..., m]`: what an adapter decodes.

        Raises:
            DecodeError: another number of tokens, or one that stands for no code at its level.
        """
        levels, array = self._of(body), self._whole(body, tokens)
        found = np.empty(array.shape, np.int64)
        for number, level in enumerate(levels):
            order, column = np.argsort(level), array[..., number]
            places = np.searchsorted(level, column, sorter=order) % level.size
            found[..., number] = order[places]
            wrong = level[found[..., number]] != column
            if wrong.any():
                raise DecodeError(
                    f"token {column[wrong].flat[0]} stands for no code of '{body}' at level "
                    f"{number}"
                )
        return found

    def check_spared(self, ids: Iterable[int], what: str) -> None:
        """Refuses to stand in place of tokens that are used otherwise, e.g. by a prompt.

        Args:
            ids: the tokens in use.
            what: what uses them, for the message.

        Raises:
            BadArgument: one of them stands for a code.
        """
        both = sorted(set(ids) & set(self.token_ids()))
        if both:
            raise BadArgument(f"{what} uses the tokens {both[:5]}, which now stand for codes")

    def check_tokenizer(self, tokenizer: Any) -> None:
        """Refuses a tokenizer other than the one the table was made for.

        Raises:
            BadArgument: its vocabulary differs.
        """
        if self.tokenizer and fingerprint(tokenizer) != self.tokenizer:
            raise BadArgument(
                "the token table was made for another tokenizer: the vocabularies differ"
            )

    def plain(self) -> dict[str, Any]:
        """The table as plain JSON; ids as half-open ranges ``[first, past]``."""
        return {
            "format": FORMAT,
            "base_size": self.base_size,
            "sharing": self.sharing,
            "tokenizer": self.tokenizer,
            "bodies": {
                body: [_ranges(level) for level in levels] for body, levels in self._ids.items()
            },
            "order": list(self._ids),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> TokenTable:
        """The table that ``plain`` gave.

        Raises:
            BadArgument: it is none, or of another version.
        """
        if plain.get("format") != FORMAT:
            raise BadArgument(f"a token table of format {plain.get('format')!r}, not {FORMAT}")
        try:
            # Bodies keep their order, which sorted JSON loses: dealt out again, ids fall the same.
            ids = {
                body: [
                    [token for run in level for token in range(*run)]
                    for level in plain["bodies"][body]
                ]
                for body in plain.get("order", plain["bodies"])
            }
            return cls(
                ids, plain["base_size"], sharing=plain["sharing"], tokenizer=plain["tokenizer"]
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, BadArgument):
                raise
            raise BadArgument(f"no token table: {error}") from error

    def save(self, path: str | Path) -> None:
        """Writes the table as JSON with its own hash; ids as half-open ranges ``[first, past]``."""
        plain = self.plain()
        plain["sha256"] = digest_of(plain)
        # Bodies keep their order: where ids are dealt out again, they fall the same.
        write_atomically(Path(path), json.dumps(plain, ensure_ascii=False).encode() + b"\n")

    @classmethod
    def load(cls, path: str | Path) -> TokenTable:
        """Reads a table.

        Raises:
            BadArgument: the file is missing, no such table, of another version, or damaged.
        """
        try:
            plain = json.loads(Path(path).read_bytes())
            if not isinstance(plain, dict) or plain.get("format") != FORMAT:
                raise BadArgument(f"{path} is not a token table of format {FORMAT}")
            stated = plain.pop("sha256", None)
            if stated != digest_of(plain):
                raise BadArgument(f"{path} is not what was written: its hash differs")
            return cls.from_plain(plain)
        except OSError as error:
            raise BadArgument(f"cannot read {path}: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, BadArgument):
                raise
            raise BadArgument(f"{path} is not a token table: {error}") from error

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenTable):
            return False
        mine, theirs = (
            (one.base_size, one.sharing, one.tokenizer, {b: one.steps(b) for b in one.bodies})
            for one in (self, other)
        )
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]  # compared by content, which is no small thing

    def _of(self, body: str) -> tuple[NDArray[np.int64], ...]:
        if body not in self._ids:
            raise UnknownName("body", body, self._ids)
        return self._ids[body]

    def _whole(self, body: str, value: Any) -> NDArray[np.int64]:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise DecodeError(f"{value!r:.80} is not an array of whole numbers") from error
        levels = len(self._ids[body])
        if array.dtype.kind not in "iu" or array.shape[-1:] != (levels,):
            raise DecodeError(
                f"'{body}' takes {levels} whole numbers an action; given was {array.dtype} of "
                f"shape {array.shape}"
            )
        return array.astype(np.int64, copy=False)


def apply_to_model(model: Any, table: TokenTable, *, seed: int = 0, spread: float = 0.1) -> None:
    """Gives a ``transformers`` model rows for the table's tokens, in and out.

    Every id of the table, added or overwritten, starts at the mean of the rows of the other
    tokens, and a little off it so that no two start alike. Overwritten rows thus lose their old
    meaning. What trains the model must train these rows: adapters on other weights, such as LoRA
    by itself, leave them as they are.

    Args:
        model: with ``get_input_embeddings`` and ``resize_token_embeddings``; it never shrinks.
        table: the ids.
        seed: of the deviations.
        spread: their size in standard deviations of the other rows, per column; of our own
            choice: small beside the distance between words.
    """
    import torch

    rows = model.get_input_embeddings().weight.shape[0]
    if table.size > rows:
        # Rows that are made are drawn too, from the caller's generator unless it is set aside.
        with torch.random.fork_rng():
            model.resize_token_embeddings(table.size, mean_resizing=False)
    ids = torch.tensor(table.token_ids())
    known = torch.ones(min(rows, table.base_size), dtype=torch.bool)
    known[ids[ids < len(known)]] = False
    if not known.any():
        raise BadArgument("the table leaves no token of the model whose rows could be averaged")
    parts = [model.get_input_embeddings(), model.get_output_embeddings()]
    tensors = [part.weight for part in parts if part is not None]
    tensors += [part.bias for part in parts if getattr(part, "bias", None) is not None]
    generator, done = torch.Generator().manual_seed(seed), set()
    for tensor in tensors:
        if id(tensor) in done:  # Input and output are often one.
            continue
        done.add(id(tensor))
        with torch.no_grad():
            old = tensor[: len(known)][known.to(tensor.device)].float()
            noise = torch.randn(len(ids), *tensor.shape[1:], generator=generator)
            fresh = old.mean(0) + spread * old.std(0) * noise.to(tensor.device)
            tensor[ids.to(tensor.device)] = fresh.to(tensor.dtype)


def vocabulary_size(vocabulary: Any) -> int:
    """One more than the largest token id of a tokenizer; a number stands for itself."""
    if isinstance(vocabulary, int):
        return vocabulary
    return 1 + max(vocabulary.get_vocab().values(), default=-1)


def special_ids(vocabulary: Any) -> frozenset[int]:
    """The ids of a tokenizer's special and added tokens; none for a bare number."""
    if isinstance(vocabulary, int):
        return frozenset()
    if hasattr(vocabulary, "get_added_tokens_decoder"):
        return frozenset(vocabulary.get_added_tokens_decoder())
    return frozenset([*vocabulary.added_tokens_decoder, *vocabulary.all_special_ids])


def fingerprint(tokenizer: Any) -> str:
    """SHA-256 over a tokenizer's vocabulary: every token and its id."""
    return digest_of(dict(tokenizer.get_vocab()))


def _group(sharing: Sharing, body: str, level: int) -> tuple[Any, ...]:
    """Those with the same group have the same id for the same code."""
    by_level = () if sharing in ("levels", "all") else (level,)
    by_body = () if sharing in ("bodies", "all") else (body,)
    return (by_body, by_level)


def _sizes(counts: Mapping[str, Sequence[int]], sharing: Sharing) -> dict[tuple[Any, ...], int]:
    """How many ids each group of sharers needs: as many as the largest of them."""
    sizes: dict[tuple[Any, ...], int] = {}
    for body, levels in counts.items():
        for level, count in enumerate(levels):
            if count < 1:
                raise BadArgument(f"level {level} of '{body}' has {count} codes")
            group = _group(sharing, body, level)
            sizes[group] = max(count, sizes.get(group, 0))
    if not sizes:
        raise BadArgument("a token table needs at least one body with a level")
    return sizes


def _ranges(ids: NDArray[np.int64]) -> list[list[int]]:
    """Ids in the order of their codes as half-open runs of consecutive ones."""
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    return [[int(run[0]), int(run[-1]) + 1] for run in np.split(ids, breaks)]
