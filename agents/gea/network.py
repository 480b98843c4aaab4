"""The network: a language model with eyes, rows for what is no word, and a critic beside it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...adapters.tokenizer import SLOTS
from ...core.errors import BadArgument
from ..lm.backbone import Backbone
from ..lm.ppo import PopArt
from ..lm.utterance import NOTHING, Said, score
from .config import GeaConfig
from .sequence import HEADED, PICTURE, STATE, Batch, Pieces
from .tongue import Tongue, padded_rows

HEAD = 2048
"""Width of a regression head (ASA, appendix C.2)."""

PICTURES_AT_ONCE = 64
"""A tower keeps much of each picture while it looks."""


class StateRows(nn.Module):
    """A body's state as a token: its numbers, scaled, through two layers.

    The scale is that of the data or of what was first seen.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(size, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, states: NDArray[np.float32]) -> None:
        """Takes its scale from states `[N, F]`; what hardly moves is not blown up."""
        self.mean.copy_(torch.from_numpy(states.mean(0)))
        self.deviation.copy_(torch.from_numpy(states.std(0)).clamp(min=1e-2))

    def forward(self, states: Tensor) -> Tensor:
        """States `[N, F]` as rows `[N, D]`."""
        found: Tensor = self.net(((states - self.mean) / self.deviation).clamp(-10, 10))
        return found


class GeaNetwork(nn.Module):
    """The policy.

    Args:
        config: of the agent.
        backbone: the model.
        tongue: what every body says.
        states: numbers of each body's state, where it is seen.
    """

    def __init__(
        self, config: GeaConfig, backbone: Backbone, tongue: Tongue, states: Mapping[str, int]
    ) -> None:
        super().__init__()
        if backbone.eyes is None and "rgb" in config.senses:
            raise BadArgument(
                "this model is blind: choose one with eyes (LLaVA-OneVision, Qwen-VL), or set "
                "senses to state"
            )
        self.config, self.backbone, self.tongue = config, backbone, tongue
        width = backbone.width
        self.states = nn.ModuleDict({name: StateRows(n, width) for name, n in states.items()})
        self.head = self.taken = None
        if config.dialect == "pred":
            # As many numbers as the shared quantiser has, or as the widest action.
            slots = max([SLOTS, *(len(body.action_names) for body in tongue.headed)])
            self.head = nn.Sequential(nn.Linear(width, HEAD), nn.ReLU(), nn.Linear(HEAD, slots))
            self.taken = nn.Linear(slots, width)

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.backbone.device

    # -- what goes in --------------------------------------------------------------------------

    def look(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Tokens of pictures, `[N, tokens, D]`; sizes may differ."""
        eyes, backbone = self.backbone.eyes, self.backbone
        assert eyes is not None
        tokens = self.config.image_tokens
        found: list[Tensor] = []
        for first in range(0, len(pictures), PICTURES_AT_ONCE):
            part = pictures[first : first + PICTURES_AT_ONCE]
            shapes = [one.shape for one in part]
            if len(set(shapes)) == 1:
                looked = eyes.tokens(np.stack(part), tokens, self.device, backbone.dtype)
            else:
                # Bodies see in different sizes: all are resized to the same, then looked at as one.
                looked = eyes.tokens_of(self._resized(part), tokens)
            found.append(looked)
        return torch.cat(found)

    def _resized(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Pictures of several sizes as the tower wants them, `[N, 3, h, w]`; a pass a size."""
        eyes, backbone = self.backbone.eyes, self.backbone
        assert eyes is not None
        places: dict[tuple[int, ...], list[int]] = {}
        for place, one in enumerate(pictures):
            places.setdefault(one.shape, []).append(place)
        passes = [
            eyes.lens.look(np.stack([pictures[n] for n in same]), self.device, backbone.dtype)
            for same in places.values()
        ]
        order = np.argsort(np.concatenate(list(places.values())))
        return torch.cat(passes)[torch.from_numpy(order).to(self.device)]

    def feel(self, states: Sequence[tuple[str, NDArray[np.float32]]]) -> Tensor:
        """Rows of states `[N, D]`, each by its body."""
        rows = torch.zeros(len(states), self.backbone.width, device=self.device)
        for name in dict.fromkeys(name for name, _ in states):
            if name not in self.states:
                raise BadArgument(f"this agent was not taught to see the state of '{name}'")
            places = [place for place, one in enumerate(states) if one[0] == name]
            numbers = torch.from_numpy(np.stack([states[place][1] for place in places]))
            rows[places] = self.states[name](numbers.to(self.device))
        return rows.to(self.backbone.dtype)

    def take(self, actions: Sequence[NDArray[np.float32]]) -> Tensor:
        """Rows of actions that a head took, `[N, D]`."""
        assert self.taken is not None
        rows = torch.zeros(len(actions), self.taken.in_features)
        for place, one in enumerate(actions):
            rows[place, : one.size] = torch.from_numpy(np.asarray(one, np.float32).ravel())
        found: Tensor = self.taken(rows.to(self.device))
        return found.to(self.backbone.dtype)

    def rows(self, pieces: Pieces, looked: Tensor | None = None) -> Tensor:
        """The embedded rows `[B, T, D]` of a batch.

        Args:
            pieces: the batch.
            looked: tokens of its pictures, where they have been looked at already.
        """
        ids = pieces.ids.to(self.device)
        rows = self.backbone.embed(ids.clamp(min=0))
        if pieces.pictures or looked is not None:
            looked = self.look(pieces.pictures) if looked is None else looked
            rows = rows.masked_scatter((ids == PICTURE)[..., None], looked.to(rows.dtype))
        if pieces.states:
            rows = rows.masked_scatter((ids == STATE)[..., None], self.feel(pieces.states))
        if pieces.headed:
            taken = self.take([one for _, one in pieces.headed])
            rows = rows.masked_scatter((ids == HEADED)[..., None], taken)
        return rows

    def read(
        self,
        pieces: Pieces,
        looked: Tensor | None = None,
        opened: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """The last hidden states `[B, T, D]` of a batch; behind the end of a row whatever.

        Args:
            pieces: the batch.
            looked: as for ``rows``.
            opened: positions and what sees what, where it is not all that stands before.
        """
        rows, parts = self.rows(pieces, looked), self.config.passes
        if parts == 1:
            return self.backbone(rows, None, opened)  # type: ignore[no-any-return]
        order = np.argsort(pieces.lengths, kind="stable")
        found = []
        for part in np.array_split(order, min(parts, len(order))):
            longest = max(pieces.lengths[row] for row in part)
            own = None
            if opened is not None:
                positions, seen = opened
                own = positions[part, :longest], seen[part, :, :longest, :longest]
            rows_of = rows[torch.from_numpy(part).to(self.device), :longest]
            hidden = self.backbone(rows_of, None, own)
            found.append(nn.functional.pad(hidden, (0, 0, 0, rows.shape[1] - longest)))
        back = torch.from_numpy(np.argsort(order)).to(self.device)
        return torch.cat(found)[back]

    # -- what comes out ------------------------------------------------------------------------

    def cloning_loss(self, batch: Batch) -> Tensor:
        """Cross entropy of the tokens of all actions; squared error where a head acts."""
        hidden = self.read(batch.pieces)
        rows, ends = batch.rows.to(self.device), batch.ends.to(self.device)
        parts: list[Tensor] = []
        spoken = [place for place, one in enumerate(batch.tokens) if one]
        if spoken:
            tokens = padded_rows(
                [batch.tokens[place] for place in spoken],
                max(len(batch.tokens[place]) for place in spoken), self.device,
            )  # fmt: skip
            before = ends[spoken][:, None] + torch.arange(tokens.shape[1], device=self.device)
            real = tokens != NOTHING
            told = hidden[rows[spoken][:, None].expand_as(before)[real], before[real]]
            if self.config.loss == "allowed":
                parts.append(self._allowed_loss(batch, spoken, hidden, before, tokens))
            else:
                logits = self.backbone.logits(told).float()
                parts.append(nn.functional.cross_entropy(logits, tokens[real], reduction="sum"))
            count = int(real.sum())
        else:
            count = 0
        headed = [place for place, one in enumerate(batch.tokens) if not one]
        if headed:
            assert self.head is not None
            guessed = self.head(hidden[rows[headed], ends[headed]].float())
            errors = [
                (guessed[place, : one.size] - torch.from_numpy(one).to(self.device)).square().mean()
                for place, one in enumerate(batch.targets)
            ]
            parts.append(torch.stack(errors).sum())
            count += len(headed)
        return torch.stack(parts).sum() / count

    def _allowed_loss(
        self, batch: Batch, spoken: Sequence[int], hidden: Tensor, before: Tensor, tokens: Tensor
    ) -> Tensor:
        """The same among those words alone that the body may say."""
        listed = [n for n, place in enumerate(spoken) if self.tongue.is_listed(batch.bodies[place])]
        free = [n for n in range(len(spoken)) if n not in set(listed)]
        rows, total = (
            batch.rows.to(self.device)[list(spoken)],
            hidden.new_zeros((), dtype=torch.float32),
        )
        if listed:
            limit = hidden.shape[1] - 1
            states = hidden[rows[listed][:, None], before[listed].clamp(max=limit)]
            bodies = [batch.bodies[spoken[n]] for n in listed]
            total = total - self.judge(bodies, states, tokens[listed]).log_probs.sum()
        if free:
            real = tokens[free] != NOTHING
            places = before[free]
            told = hidden[rows[free][:, None].expand_as(places)[real], places[real]]
            logits = self.backbone.logits(told).float()
            total = total + nn.functional.cross_entropy(logits, tokens[free][real], reduction="sum")
        return total

    def judge(self, bodies: Sequence[str], hidden: Tensor, tokens: Tensor) -> Said:
        """How likely actions of listed bodies were under the mask.

        Args:
            bodies: one an action.
            hidden: states before each token, `[N, m, D]`.
            tokens: `[N, m]`, padded.
        """
        assert self.tongue.forest is not None
        return score(self.backbone, self.tongue.forest, bodies, hidden, tokens)

    def trained(self) -> dict[str, Tensor]:
        """What learns, and the scales of states, by name."""
        kept: dict[str, Tensor] = {
            name: one for name, one in self.named_parameters() if one.requires_grad
        }
        return kept | {f"states.{name}": one for name, one in self.states.named_buffers()}


class Critic(nn.Module):
    """Values of several worlds, discarded after training (section 4.4).

    Four layers over the hidden state of the last observation's last token and the mean of what the
    eyes saw there, and PopArt's layer for the scale of each world.

    Args:
        width: of the hidden states.
        glance: numbers of what the eyes saw.
        hidden: of the layers.
        worlds: how many.
        rate: how fast scales follow.
    """

    def __init__(self, width: int, glance: int, hidden: int, worlds: int, rate: float) -> None:
        super().__init__()
        sizes = (width + glance, hidden, hidden, hidden)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.net = nn.Sequential(*layers)
        self.last = PopArt(hidden, worlds, rate)

    def forward(self, hidden: Tensor, glance: Tensor, worlds: Tensor) -> Tensor:
        """Values on the common scale, `[N]`."""
        return self.last(  # type: ignore[no-any-return]
            self.net(torch.cat([hidden.float(), glance.float()], -1)), worlds
        )
