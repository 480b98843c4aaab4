"""Keys and values of several episodes side by side, each as long as its own past.

A slot is a row. A forward pass names the slots that it is for and how many new tokens each has;
rows of different lengths need no padding in memory: each writes behind its own last token, and a
mask lets it see its own past alone. Ending an episode, or going back to the end of a prompt that
stays, is a number that is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...core.errors import BadArgument


class SlotCache:
    """The past of every slot, in the shape in which ``transformers`` asks for it.

    Args:
        slots: how many.
        capacity: the most tokens of one slot.

    Attributes:
        lengths: tokens that each slot has, `[S]`.
    """

    is_compileable = False

    def __init__(self, slots: int, capacity: int) -> None:
        self.slots, self.capacity = slots, capacity
        self.lengths = torch.zeros(slots, dtype=torch.long)
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._rows = torch.zeros(0, dtype=torch.long)
        self._whole = False
        self._places = torch.zeros(0, 0, dtype=torch.long)
        self._upto = 0

    def forget(self, slots: Sequence[int], keep: int | Sequence[int] = 0) -> None:
        """Goes back to the first ``keep`` tokens of some slots."""
        self.lengths[list(slots)] = torch.as_tensor(keep)

    def open(self, slots: Sequence[int], counts: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Makes room for new tokens of some slots; what ``update`` is then called for.

        Args:
            slots: whose they are, a row each, `[B]`.
            counts: how many each row has; the longest gives T, shorter rows are padded behind.

        Returns:
            Positions `[B, T]`, and which keys each new token may see, `[B, 1, T, K]`.

        Raises:
            BadArgument: a slot's past would become longer than there is room.
        """
        rows = torch.tensor(list(slots), dtype=torch.long)
        wide, starts = max(counts), self.lengths[rows]
        longest = int((starts + torch.tensor(list(counts))).max())
        if longest > self.capacity:
            raise BadArgument(
                f"a slot's past has {longest} tokens, the cache has room for {self.capacity}; "
                "give the agent a longer context"
            )
        self._rows = rows
        self._whole = bool(len(rows) == self.slots and (rows == torch.arange(len(rows))).all())
        positions = starts[:, None] + torch.arange(wide)
        # What pads a row may lie behind the end: there is one place more, which nobody looks at.
        self._places = positions.clamp(max=self.capacity)
        self._upto = longest
        seen = torch.arange(longest)[None, None] <= positions[:, :, None]
        self.lengths[rows] = starts + torch.tensor(list(counts))
        return positions, seen[:, None]

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Writes the new keys and values `[B, H, T, D]` of a layer; all there are of those rows."""
        while len(self._keys) <= layer:
            # One place more than fits, for padding; allocated when the first token comes.
            shape = (self.slots, keys.shape[1], self.capacity + 1, keys.shape[3])
            self._keys.append(keys.new_zeros(shape))
            self._values.append(values.new_zeros((*shape[:3], values.shape[3])))
        if self._rows.device != keys.device:  # Once a pass, not once a layer.
            self._rows, self._places = self._rows.to(keys.device), self._places.to(keys.device)
        rows, places = self._rows[:, None], self._places
        self._keys[layer][rows, :, places] = keys.transpose(1, 2)
        self._values[layer][rows, :, places] = values.transpose(1, 2)
        found = self._keys[layer][:, :, : self._upto], self._values[layer][:, :, : self._upto]
        if self._whole:
            return found
        return found[0][rows[:, 0]], found[1][rows[:, 0]]

    def get_seq_length(self, layer: int = 0) -> int:
        """Tokens of the longest slot."""
        return int(self.lengths.max())

    def get_mask_sizes(self, query_length: int, layer: int = 0) -> tuple[int, int]:
        """How many keys there are, and where they begin."""
        return self._upto, 0

    def inherit(self, other: SlotCache) -> None:
        """Takes over the slots of a smaller cache."""
        count = other.slots
        self.lengths[:count] = other.lengths
        for mine, theirs in ((self._keys, other._keys), (self._values, other._values)):
            for layer, old in enumerate(theirs):
                mine.append(old.new_zeros((self.slots, *old.shape[1:])))
                mine[layer][:count] = old
