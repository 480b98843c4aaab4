"""The network: instruction, then a token for each observation; an action and a value of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ...core.specs import Embodiment
from ..lm.backbone import Backbone
from ..lm.reader import Reader
from ..lm.wording import phrases_of
from .bridge import apart, make_bridge, nearness
from .config import LlarpConfig
from .vocation import Vocation


class Strand(NamedTuple):
    """An episode as far as it has gone, or as far as it is learnt from.

    Attributes:
        instruction: its words.
        seen: what was seen, `[t, F]`.
        tokens: what was said after each but perhaps the last, `[t, m]`; empty for a head of its
            own.
    """

    instruction: str
    seen: Tensor
    tokens: Tensor


class Judged(NamedTuple):
    """Of some steps.

    Attributes:
        log_probs: of what was done, `[N]`.
        entropies: of what could have been done, `[N]`.
        values: what was to be hoped for, `[N]`.
    """

    log_probs: Tensor
    entropies: Tensor
    values: Tensor


class Vocabulary(NamedTuple):
    """What is called how, read as instructions are; as long as the weights stay.

    Attributes:
        things: a row for each name of a thing, `[C, D]`; None where they have none.
        actions: a row for each action, `[A, D]`; None where no head asks for it.
    """

    things: Tensor | None
    actions: Tensor | None


class Heads(nn.Module):
    """Features of a hidden state, and from them a value and, where there is a head, an action.

    Three linear layers with normalisation, the last drawn small, as in the released code.
    """

    def __init__(self, width: int, size: int, actions: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(width, size), nn.LayerNorm(size), nn.ReLU(),
            nn.Linear(size, size), nn.LayerNorm(size), nn.ReLU(),
        )  # fmt: skip
        self.action = nn.Linear(size, actions)
        nn.init.orthogonal_(self.action.weight, gain=0.01)
        nn.init.zeros_(self.action.bias)
        self.value = nn.Linear(size, 1)


class Names(nn.Module):
    """Scores actions by their names: how near each is to what is wanted, and to what was asked.

    Ours. Names and instruction are read alike, so that a thing that is asked for is near the
    actions that name it before anything has been learnt. How much that counts is learnt for each
    verb, a name's first word, and so is how much a verb is called for at all; and, for each action
    by its name, what else is wanted.

    Args:
        size: of the features.
        width: of the rows that names and instruction become.
        called: the actions' names.
    """

    verbs: Tensor

    def __init__(self, size: int, width: int, called: Sequence[str]) -> None:
        super().__init__()
        first = [one.split(" ", 1)[0] for one in called]
        known = list(dict.fromkeys(first))
        verbs = torch.tensor([known.index(one) for one in first])
        self.register_buffer("verbs", verbs, persistent=False)
        self.wanted = nn.Linear(size, width)
        self.asked, self.urged = nn.Linear(size, len(known)), nn.Linear(size, len(known))
        for layer in (self.wanted, self.asked, self.urged):
            nn.init.orthogonal_(layer.weight, gain=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor, asked: Tensor, names: Tensor) -> Tensor:
        """Scores `[N, A]` of names `[A, D]`, from features `[N, F]` and what is asked `[N, D]`."""
        wanted: Tensor = self.wanted(features) @ apart(names).T / names.shape[1] ** 0.25
        counts = NEAR * (1 + self.asked(features)[:, self.verbs])
        urged = self.urged(features)[:, self.verbs]
        scored: Tensor = wanted + urged + counts * nearness(asked, names)
        return scored


NEAR = 5.0
"""What nearness counts for at first; ours."""


class LlarpNetwork(nn.Module):
    """The policy and its critic.

    Args:
        config: of the agent.
        backbone: the trunk; None for the baseline with an LSTM.
        reader: the frozen text encoder, where there is one.
        body: whose actions.
        seen: numbers that the frozen sight gives of an observation.
    """

    def __init__(
        self,
        config: LlarpConfig,
        backbone: Backbone | None,
        reader: Reader | None,
        body: Embodiment,
        seen: int,
    ) -> None:
        super().__init__()
        self.config, self.backbone, self.body = config, backbone, body
        self.called = phrases_of(body)
        self._reader = reader  # Frozen, and not a part: it is not moved or saved with this.
        width = config.small.width if backbone is None else backbone.width
        self.bridge = make_bridge(seen, config.bridge, config.layout, config.things, width)
        self.read = nn.Linear(reader.width, width) if reader is not None else None
        self.recurrent = None
        if backbone is None:
            self.recurrent = nn.LSTM(2 * width, width, config.small.layers, batch_first=True)
        self.heads = Heads(width, config.head, len(body.action_names))
        self.vocation = None
        if config.adapter == "semlang":
            assert backbone is not None  # The settings refuse words without a model.
            self.vocation = Vocation(body, backbone)
        self.names = Names(config.head, width, self.called) if config.adapter == "named" else None

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.heads.value.weight.device

    # -- what goes in --------------------------------------------------------------------------

    def instruct(self, texts: Sequence[str]) -> list[Tensor]:
        """The rows `[L, D]` that the sequence of each instruction begins with."""
        if self._reader is not None and self.read is not None:
            told = self._reader.read(texts)
            if self.config.reading == "whole":
                told = [one[:1] for one in told]
            rows = self.read(torch.cat(told).to(self.device))
            return list(torch.split(rows, [len(one) for one in told]))
        assert self.backbone is not None
        ids = [torch.tensor(self._ids(text), device=self.device) for text in texts]
        rows = self.backbone.embed(torch.cat(ids))
        return list(torch.split(rows, [len(one) for one in ids]))

    def _ids(self, text: str) -> list[int]:
        """An instruction's tokens; padding counts as any other, as in the released code."""
        assert self.backbone is not None
        begin = self.backbone.tokenizer.bos_token_id
        ids = [*([] if begin is None else [begin]), *self.backbone.words(text)]
        wanted = self.config.instruction_tokens
        if not wanted:
            return ids
        return (ids + [self.backbone.tokenizer.pad_token_id or 0] * wanted)[:wanted]

    def ask(self, instructions: Sequence[Tensor]) -> Tensor:
        """What instructions ask for, `[S, D]`, from the rows `[L, D]` of each.

        A frozen encoder has read them already. Without one it is the mean of their words, a bag
        of them; or, where ``reading`` is ``all``, what the trunk makes of the last.
        """
        unread = self.config.reading == "all" and self.read is None
        if not unread or not (self.config.layout or self.names is not None):
            return torch.stack([one.mean(0) for one in instructions])
        hidden = self._through(instructions)
        ends = [one[len(told) - 1] for one, told in zip(hidden, instructions, strict=True)]
        return torch.stack(ends)

    def vocabulary(self) -> Vocabulary:
        """What things and actions are called, read as instructions are."""
        things, called = self.config.things, self.called
        return Vocabulary(
            self._name(things) if things else None,
            self._name(called) if self.names is not None else None,
        )

    def _name(self, texts: tuple[str, ...]) -> Tensor:
        if self._reader is not None and self.read is not None:
            told = self._reader.read(texts)
            found: Tensor = self.read(torch.stack([one[0] for one in told]).to(self.device))
            return found
        assert self.backbone is not None
        # Within a sentence a space goes before a name, and is part of its first token.
        ids = [torch.tensor(self.backbone.words(f" {text}")) for text in texts]
        rows = self.backbone.embed(torch.cat(ids).to(self.device))
        return self.ask(torch.split(rows, [len(one) for one in ids])).float()

    def observe(self, seen: Tensor, asked: Tensor, words: Vocabulary) -> Tensor:
        """A row of the trunk for each of what was seen `[N, F]`, by what is asked `[N, D]`."""
        rows: Tensor = self.bridge(seen, asked.to(seen.dtype), words.things)
        return rows if self.backbone is None else rows.to(self.backbone.dtype)

    # -- what comes out ------------------------------------------------------------------------

    def judge(self, strands: Sequence[Strand], actions: Sequence[Tensor]) -> Judged:
        """What the network makes of whole episodes, in one pass; differentiable.

        Args:
            strands: the episodes, from their beginnings.
            actions: what was done in the last steps of each, `[n]`; the steps before are context.

        Returns:
            Of those last steps, strand after strand.
        """
        spans = [len(one) for one in actions]
        done = torch.cat(list(actions))
        words = self.vocabulary()
        hidden, said, asked = self._run(strands, spans, words)
        features = self.heads.features(hidden[:, 0].float())
        values = self.heads.value(features)[:, 0]
        if self.vocation is None:
            scores = self.scores(features, asked, words)
            log_probs = scores.gather(1, done[:, None])[:, 0]
            return Judged(log_probs, -(scores.exp() * scores).sum(1), values)
        found = self.vocation.score(hidden, said)
        return Judged(found.log_probs, found.entropies, values)

    def scores(self, features: Tensor, asked: Tensor, words: Vocabulary) -> Tensor:
        """Logarithms of the probabilities of all actions `[N, A]`, for heads that say no words."""
        if self.names is None:
            return torch.log_softmax(self.heads.action(features), -1)
        assert words.actions is not None
        return torch.log_softmax(self.names(features, asked.float(), words.actions), -1)

    def _run(
        self, strands: Sequence[Strand], spans: Sequence[int], words: Vocabulary
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of the last steps of each strand.

        Returns:
            The hidden states `[N, m, D]`, what was said, and what was asked `[N, D]`.
        """
        instructions = self.instruct([one.instruction for one in strands])
        asked = self.ask(instructions)
        lengths = torch.tensor([len(one.seen) for one in strands])
        seen = self.observe(
            torch.cat([one.seen for one in strands]), _repeat(asked, lengths), words
        )
        rows = list(torch.split(seen, lengths.tolist()))
        tokens = torch.cat([
            one.tokens[-span:] for one, span in zip(strands, spans, strict=True)
        ])  # fmt: skip
        meant = _repeat(asked, torch.tensor(list(spans)))
        if self.recurrent is not None:
            return self._recur(instructions, rows, spans)[:, None], tokens, meant
        if self.vocation is None:
            first = [len(one) for one in instructions]
            whole = [torch.cat(pair) for pair in zip(instructions, rows, strict=True)]
            places = [
                torch.arange(begin + length - span, begin + length)[:, None]
                for begin, length, span in zip(first, lengths.tolist(), spans, strict=True)
            ]
        else:
            whole, places = self.vocation.weave(instructions, rows, strands, spans)
        hidden = self._through(whole)
        return (
            torch.cat([one[place] for one, place in zip(hidden, places, strict=True)]),
            tokens,
            meant,
        )

    def _through(self, whole: Sequence[Tensor]) -> list[Tensor]:
        """The trunk's hidden states of whole sequences `[T, D]`, each perhaps with padding behind.

        Those of like lengths go together: padding costs as much as anything else.
        """
        assert self.backbone is not None
        found: list[Tensor] = [torch.empty(0)] * len(whole)
        groups: dict[int, list[int]] = {}
        for number, one in enumerate(whole):
            groups.setdefault((len(one) - 1).bit_length(), []).append(number)
        for group in groups.values():
            hidden = self.backbone(pad_sequence([whole[one] for one in group], batch_first=True))
            for number, one in zip(group, hidden, strict=True):
                found[number] = one
        return found

    def _recur(
        self, instructions: Sequence[Tensor], rows: Sequence[Tensor], spans: Sequence[int]
    ) -> Tensor:
        """The baseline: what is asked beside what is seen, into the LSTM."""
        assert self.recurrent is not None
        beside = [
            torch.cat([row, one.mean(0, keepdim=True).expand(len(row), -1)], -1)
            for one, row in zip(instructions, rows, strict=True)
        ]
        hidden, _ = self.recurrent(pad_sequence(beside, batch_first=True))
        return torch.cat([
            one[len(row) - span : len(row)]
            for one, row, span in zip(hidden, rows, spans, strict=True)
        ])  # fmt: skip

    # -- what is saved -------------------------------------------------------------------------

    def trained(self) -> Mapping[str, Tensor]:
        """What learns, and what belongs to it, by name."""
        return {name: one for name, one in self.named_parameters() if one.requires_grad}

    def optimiser(self) -> Any:
        """AdamW over what learns."""
        ppo = self.config.ppo
        return torch.optim.AdamW(
            [one for one in self.parameters() if one.requires_grad],
            lr=ppo.learning_rate, eps=ppo.epsilon, weight_decay=ppo.weight_decay,
        )  # fmt: skip


def _repeat(rows: Tensor, counts: Tensor) -> Tensor:
    """Each row so many times, one after the other."""
    return rows.repeat_interleave(counts.to(rows.device), dim=0)
