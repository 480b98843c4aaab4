"""An adapter that is uttered in token ids: what a language model's vocabulary was given for it.

Adapters of continuous bodies speak in codes, level by level; a :class:`.vocabulary.TokenTable`
says which token of a model stands for which. Together they are one dialect, ``spoken:folder``,
saved in one folder under one hash: a model and its tokens cannot come apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError
from ..core.protocols import ActionAdapter
from ..core.specs import Embodiment
from . import DIALECTS
from .storage import check_embodiment, load_adapter, read_vocabulary, save_adapter, save_vocabulary
from .tokenizer import NAME as TOKENIZER
from .tokenizer import MultiEmbodimentTokenizer
from .uniform import UniformAdapter
from .vocabulary import TokenTable

UNIFORM = "uniform"
"""The one dialect in tokens that learns nothing: its number of bins is all there is to save."""


class TokenRows(Space[NDArray[np.int64]]):
    """The rows of token ids `[m]` that are actions of one body.

    Args:
        table: the ids.
        body: whose.
    """

    def __init__(self, table: TokenTable, body: str) -> None:
        self._table, self._body = table, body
        self._codes = spaces.MultiDiscrete([len(level) for level in table.steps(body)])
        super().__init__((len(self._codes.nvec),), np.int64)

    @property
    def is_np_flattenable(self) -> bool:
        """False: ids are names, not numbers."""
        return False

    def seed(self, seed: Any = None) -> Any:
        """Seeds what ``sample`` draws."""
        self._codes.seed(seed)
        return super().seed(seed)

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> NDArray[np.int64]:
        """A row drawn evenly.

        Raises:
            BadArgument: a mask or probabilities were given, which this space does not take.
        """
        if mask is not None or probability is not None:
            raise BadArgument("TokenRows draws every action alike: it takes no mask")
        return self._table.tokens(self._body, self._codes.sample())

    def contains(self, x: Any) -> bool:
        """Whether every id stands for a code at its place."""
        if not isinstance(x, np.ndarray) or x.shape != self.shape or x.dtype.kind not in "iu":
            return False
        try:
            self._table.codes(self._body, x)
        except DecodeError:
            return False
        return True


class Speaker:
    """Speaks a continuous body's actions in the token ids of a model, one a level `[..., m]`.

    Args:
        adapter: utters codes of fixed levels: ``uniform``, ``quantile``, ``vq``, ``rvq``, or a
            body's adapter of a :class:`.tokenizer.MultiEmbodimentTokenizer`.
        table: has a token for each of its codes.

    Attributes:
        resolution: the adapter's.

    Raises:
        BadArgument: the adapter has no levels, or the table does not fit them.
    """

    name: ClassVar[str] = "spoken"
    kinds: ClassVar[tuple[str, ...]] = ("continuous",)

    def __init__(self, adapter: Any, table: TokenTable) -> None:
        self.adapter, self.table = adapter, table
        self.embodiment: Embodiment = adapter.embodiment
        check_levels(table, {self.embodiment.id: adapter})
        self.env_space: Space[Any] = adapter.env_space
        self.agent_space: Space[Any] = TokenRows(table, self.embodiment.id)
        self.resolution = adapter.resolution

    @property
    def clipped(self) -> int:
        """How many numbers given to ``encode`` lay outside the range."""
        return int(self.adapter.clipped)

    def decode(self, uttered: Any) -> Any:
        """The actions `[..., D]` of token ids `[..., m]`.

        Raises:
            DecodeError: an id stands for no code at its place, or there are too few or many.
        """
        return self.adapter.decode(self.table.codes(self.embodiment.id, uttered))

    def encode(self, action: Any) -> NDArray[np.int64]:
        """The token ids `[..., m]` of actions `[..., D]`.

        Raises:
            InvalidAction: not an action of this body.
        """
        return self.table.tokens(self.embodiment.id, self.adapter.encode(action))

    def save(self, folder: str | Path) -> None:
        """Writes the adapter and its vocabulary into one folder, under one hash."""
        save_spoken(folder, self.adapter, self.table)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        env_space: Space[Any],
        embodiment: Embodiment,
        tokenizer: Any | None = None,
    ) -> Self:
        """Reads what ``save`` wrote, or one body of a saved tokenizer of many.

        Args:
            folder: with an adapter and its vocabulary.
            env_space: the environment's action space.
            embodiment: the convention of its actions.
            tokenizer: a language model's; refused where the vocabulary was made for another.

        Raises:
            BadArgument: a file is missing or damaged, has no vocabulary, or one that does not fit.
            EmbodimentMismatch: it was fitted for another convention of actions.
            UnknownName: the saved tokenizer has no such body.
        """
        name, plain = read_vocabulary(folder)
        table = TokenTable.from_plain(plain)
        if tokenizer is not None:
            table.check_tokenizer(tokenizer)
        adapter: ActionAdapter
        if name == TOKENIZER:
            adapter = MultiEmbodimentTokenizer.load(folder).for_embodiment(embodiment)
            if adapter.env_space != env_space:
                raise BadArgument(
                    f"the tokenizer in {folder} speaks for {adapter.env_space}, not {env_space}"
                )
        elif name == UNIFORM:
            _, options, fitted = load_adapter(folder, UNIFORM)
            check_embodiment(fitted, embodiment, UNIFORM)
            adapter = UniformAdapter(env_space, embodiment, bins=int(options["bins"]))
        else:
            adapter = DIALECTS[name].load(folder, env_space, embodiment)
        return cls(adapter, table)


def save_spoken(folder: str | Path, adapter: Any, table: TokenTable) -> None:
    """Writes an adapter, or a tokenizer of many bodies, and its vocabulary into one folder.

    Args:
        folder: made where it does not exist.
        adapter: what utters codes.
        table: has a token for each code of each continuous body.

    Raises:
        BadArgument: the table does not fit, or the adapter cannot be saved.
        RunDirectoryError: the disk refused.
    """
    if isinstance(adapter, MultiEmbodimentTokenizer):
        bodies = [body.id for body in adapter.embodiments if body.kind == "continuous"]
        check_levels(table, {body: adapter.for_embodiment(body) for body in bodies})
    else:
        check_levels(table, {adapter.embodiment.id: adapter})
    if isinstance(adapter, UniformAdapter):
        save_adapter(folder, UNIFORM, {}, {"bins": adapter.bins}, adapter.embodiment)
    else:
        adapter.save(folder)
    save_vocabulary(folder, table.plain())


def check_levels(table: TokenTable, adapters: Mapping[str, Any]) -> None:
    """Refuses a table that has not exactly one token for each code of each body.

    Raises:
        BadArgument: an adapter does not utter codes of fixed levels, or the numbers differ.
    """
    for body, adapter in adapters.items():
        space = adapter.agent_space
        if not isinstance(space, spaces.MultiDiscrete):
            raise BadArgument(
                f"the adapter of '{body}' does not utter codes of fixed levels: {space}; words are "
                "tokens already, and byte pairs have ids of their own"
            )
        if body not in table.bodies:
            raise BadArgument(
                f"the vocabulary has no tokens for '{body}'; it has some for "
                + ", ".join(table.bodies)
            )
        have, want = [len(level) for level in table.steps(body)], space.nvec.tolist()
        if have != want:
            raise BadArgument(
                f"the vocabulary has {have} tokens for the levels of '{body}', which have {want} "
                "codes"
            )
