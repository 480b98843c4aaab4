"""From what is seen to a row of the trunk's input: one token a step."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...core.errors import BadArgument, MissingExtra
from ..lm.eyes import Lens
from ..lm.folder import check_folder, fingerprint, is_folder, read_json
from ..lm.pretrained import read_pretrained


class Sight:
    """The part that is frozen: from an observation to numbers that a bridge learns from.

    Args:
        senses: ``state``, or ``rgb`` through a vision model.
        vision: that model: a folder, or a name on a hub.
        device: where it looks.
        dtype: of its weights.

    Attributes:
        fingerprint: which model it is; empty for ``state``.

    Raises:
        BadArgument: a file of the model is missing.
        MissingExtra: ``transformers`` is not installed.
    """

    def __init__(self, senses: str, vision: str, device: str, dtype: torch.dtype) -> None:
        self.senses, self._device, self._dtype, self.fingerprint = senses, device, dtype, ""
        if senses == "state":
            return
        try:
            import transformers
        except ModuleNotFoundError as error:
            raise MissingExtra("vision model", "lm", "transformers") from error
        transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        settings: Mapping[str, Any] = {}
        if is_folder(vision):
            folder = check_folder(vision, words=False)
            vision = str(folder)
            if (folder / "preprocessor_config.json").is_file():
                settings = read_json(folder / "preprocessor_config.json")
        try:
            model: Any = read_pretrained(
                transformers.AutoModel, vision, "vision model", "dtype, or choose a smaller one",
                dtype=dtype,
            )  # fmt: skip
        except BadArgument:
            raise
        except (OSError, ValueError, KeyError) as error:
            said = (str(error).strip() or repr(error)).splitlines()[0]
            raise BadArgument(f"cannot load the vision model {vision}: {said}") from error
        # CLIP and SigLIP hold a tower of words as well.
        self._tower = getattr(model, "vision_model", model)
        self._tower.requires_grad_(False).eval().to(device)
        size = self._tower.config.image_size
        self._lens = Lens((size, size), settings)
        self.fingerprint = fingerprint(vision)

    @torch.no_grad()
    def look(self, observations: Sequence[Mapping[str, Any]]) -> Tensor:
        """What is seen, `[N, F]`: the state, or what the model makes of its first token."""
        if self.senses == "state":
            states = [np.asarray(one["state"], np.float32).ravel() for one in observations]
            return torch.from_numpy(np.stack(states)).to(self._device)
        pictures = np.stack([one["rgb"] for one in observations])
        out = self._tower(self._lens.look(pictures, self._device, self._dtype))
        return out.last_hidden_state[:, 0].float()  # type: ignore[no-any-return]


class VectorBridge(nn.Module):
    """Linear layers with ReLU between them, the same for every instruction.

    Args:
        size: numbers that are seen.
        hidden: widths of the layers between.
        width: of the trunk.
    """

    def __init__(self, size: int, hidden: Sequence[int], width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise((size, *hidden, width)):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])

    def forward(self, seen: Tensor, asked: Tensor, names: Tensor | None = None) -> Tensor:
        """What is seen `[N, F]` as rows `[N, D]`."""
        found: Tensor = self.net(seen)
        return found


SHARP = 20.0
"""How much nearer a name must be for its thing to be looked at: at first, ours."""


class ListBridge(nn.Module):
    """Looks through a list of things for what the instruction is about.

    Ours: as the released code's resampler looks through patches, this looks through the rows of a
    symbolic state; what it looks for comes from the instruction. Where the things have names, one
    look more goes to what is called as the instruction says, both read alike.

    Args:
        layout: numbers before the list, things, numbers of each.
        width: of the trunk.
        named: whether the things have names.
        heads: things that can be looked for at once.
    """

    def __init__(self, layout: Sequence[int], width: int, named: bool, heads: int = 4) -> None:
        super().__init__()
        self._layout, self._heads = tuple(layout), heads
        head, things, numbers = self._layout
        self.head = nn.Linear(head, width)
        self.what = nn.Parameter(torch.randn(things, width))
        self.asked = nn.Linear(width, width)
        self.numbers = nn.Linear((heads + named) * numbers, width)
        self.net = nn.Sequential(nn.Linear((3 + named) * width, 2 * width), nn.ReLU())
        self.last = nn.Linear(2 * width, width)
        self.sharp = nn.Parameter(torch.tensor(SHARP)) if named else None

    def forward(self, seen: Tensor, asked: Tensor, names: Tensor | None = None) -> Tensor:
        """What is seen `[N, F]` as rows `[N, D]`.

        Args:
            seen: the state.
            asked: the instruction of each, `[N, D]`.
            names: of the things, `[C, D]`, each for equally many rows of the list.
        """
        head, things, numbers = self._layout
        # Metres would drown what is 0 or 1.
        seen = 2 * seen / (1 + seen.abs())
        rows = seen[:, head:].reshape(-1, things, numbers)
        query = self.asked(asked).view(len(seen), self._heads, -1)
        # Where to look is decided by what things are, not by how they are: the same thing is found
        # wherever it lies. A row that begins with 0 is of a thing that is not there.
        keys = self.what.view(things, self._heads, -1)
        near = torch.einsum("nhd,thd->nht", query, keys) / query.shape[-1] ** 0.5
        if names is not None and self.sharp is not None:
            called = self.sharp * nearness(asked, names)
            called = called.repeat_interleave(things // len(names), dim=1)
            near = torch.cat([near, called[:, None]], 1)
        looks = near.masked_fill(rows[:, None, :, 0] == 0, -1e4).softmax(-1)
        found = self.numbers(torch.einsum("nht,ntc->nhc", looks, rows).flatten(1))
        own = torch.einsum("nht,thd->nhd", looks[:, : self._heads], keys).flatten(1)
        mixed = [self.head(seen[:, :head]), found, own]
        if names is not None:
            kinds = looks[:, -1].reshape(len(looks), len(names), -1).sum(-1)
            mixed.append(kinds @ names)
        result: Tensor = self.last(self.net(torch.cat(mixed, -1)))
        return result


def apart(names: Tensor) -> Tensor:
    """Directions `[C, D]` of some names: what all of them have in common tells none of them."""
    return nn.functional.normalize(names - names.mean(0), dim=-1)


def nearness(asked: Tensor, names: Tensor) -> Tensor:
    """How near instructions `[N, D]` are to each of some names `[C, D]`: cosines `[N, C]`."""
    return nn.functional.normalize(asked, dim=-1) @ apart(names).T


def make_bridge(
    size: int, hidden: Sequence[int], layout: Sequence[int], things: Sequence[str], width: int
) -> nn.Module:
    """The bridge for so many numbers.

    Raises:
        BadArgument: the state is no list of that layout, or the names do not go round evenly.
    """
    if not layout:
        return VectorBridge(size, hidden, width)
    head, rows, numbers = layout
    if size != head + rows * numbers:
        raise BadArgument(
            f"the task shows {size} numbers; layout {list(layout)} makes "
            f"{head + rows * numbers}: set layout=[] for a state that is no list"
        )
    if things and rows % len(things):
        raise BadArgument(
            f"{len(things)} names cannot be dealt out to {rows} things: set things=[] for none"
        )
    return ListBridge(layout, width, bool(things))
