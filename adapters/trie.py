"""Which tokens may come next: the token sequences that are actions, walked as tensors.

A :class:`Forest` holds several bodies at once, a root for each. A row of a batch is where one
agent stands: the number of a node. The nodes are three tables (the tokens allowed, the nodes they
lead to, how many there are), so a step for a whole batch is a few indexing operations on whatever
device they lie; nothing loops over rows, and nothing of the size of nodes x vocabulary is built.
Torch is imported when a forest is built.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, UnknownName

if TYPE_CHECKING:
    from torch import Tensor

DEAD, DONE = 0, 1
"""Two nodes that every forest has: where a token led that was not allowed, and the end."""

NOTHING = -(2**62)
"""What equals no token, nor the padding of any adapter."""

Steps = Sequence[Sequence[int]]


class Parsed(NamedTuple):
    """What free-running token sequences came to.

    Attributes:
        states: the node reached, `[B]`.
        valid: whether the tokens are a whole action, `[B]`.
        lengths: how many of the tokens belong to it, `[B]`; where invalid, those before the
            first that was not allowed.
        actions: the index of the action, `[B]`; -1 where invalid, or for bodies by step.
    """

    states: Tensor
    valid: Tensor
    lengths: Tensor
    actions: Tensor


class Chosen(NamedTuple):
    """Probabilities under the mask, all in nats.

    Attributes:
        log_prob: of the token, among the allowed alone, `[B]`; -inf where it was not allowed.
        entropy: of the distribution over the allowed, `[B]`.
        normalised: the same divided by the logarithm of how many are allowed, in [0, 1]; 0 where
            there is no choice.
    """

    log_prob: Tensor
    entropy: Tensor
    normalised: Tensor


class Forest:
    """The valid token sequences of one body or several, for a batch that may mix them.

    Args:
        sequences: body to the token sequences of its actions, in their order: discrete bodies.
            None may be the beginning of another (the adapters put a terminator there).
        steps: body to the tokens allowed at each step, whatever came before: bodies by bins or
            codebooks, whose actions are too many to list.
        end: the token allowed once an action is complete, again and again: what generation ends
            and pads with. None: nothing is allowed there.
        device: where the tables lie.

    Attributes:
        ids: tokens allowed at each node, `[N, W]`; a short row repeats its first.
        longest: the most tokens that an action of any body takes.
        size: how many tokens each node allows, `[N]`.

    Raises:
        BadArgument: no body, one named twice, an action without tokens, two actions alike, or
            one that is the beginning of another.
    """

    def __init__(
        self,
        sequences: Mapping[str, Steps] | None = None,
        *,
        steps: Mapping[str, Steps] | None = None,
        end: int | None = None,
        device: Any = "cpu",
    ) -> None:
        nodes = _Nodes(end)
        for body, given in (sequences or {}).items():
            nodes.add_sequences(body, given)
        for body, given in (steps or {}).items():
            nodes.add_steps(body, given)
        if not nodes.roots:
            raise BadArgument("a forest needs the actions of at least one body")
        self.end, self._roots = end, nodes.roots
        self._depth = nodes.depth
        self.longest = max(nodes.depth.values())
        self._arrays = nodes.tables()
        self._largest = int(self._arrays[0].max())
        self.to(device)

    def to(self, device: Any) -> Forest:
        """Moves the tables to a device; returns itself."""
        import torch

        self.ids, self._next, self.size, self._action = (
            torch.as_tensor(array, device=device) for array in self._arrays
        )
        real = torch.arange(self.ids.shape[1], device=device) < self.size[:, None]
        self._real = real
        # The tokens again, for comparing: what repeats is no token at all.
        self._own = self.ids.masked_fill(~real, NOTHING)
        # Nodes that allow nothing keep one finite entry, so that no NaN reaches a gradient.
        self._bias = torch.zeros(real.shape, device=device).masked_fill(~real, -torch.inf)
        self._bias[:, 0] = 0.0
        self._room = self.size.clamp(min=2).log()
        self.device = self.ids.device
        return self

    @property
    def bodies(self) -> tuple[str, ...]:
        """The bodies it holds."""
        return tuple(self._roots)

    def start(self, bodies: str | Sequence[str], rows: int | None = None) -> Tensor:
        """The nodes where actions begin, `[B]`.

        Args:
            bodies: one body for all rows, or one for each.
            rows: how many, where one body is given.

        Raises:
            UnknownName: a body that the forest does not hold.
        """
        import torch

        names = [bodies] * (1 if rows is None else rows) if isinstance(bodies, str) else bodies
        for name in set(names) - self._roots.keys():
            raise UnknownName("body", name, self._roots)
        return torch.tensor([self._roots[name] for name in names], device=self.device)

    def allowed_ids(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens allowed at nodes `[B]`, `[B, W]`, and which of them are no repetition."""
        return self.ids[states], self._real[states]

    def allowed(
        self,
        states: Tensor,
        vocabulary: int,
        out: Tensor | None = None,
        previous: Tensor | None = None,
    ) -> Tensor:
        """A mask over the vocabulary, True where a token may come next: `[B, V]`.

        Args:
            states: nodes, `[B]`.
            vocabulary: how many tokens the model knows.
            out: a mask to write into; saves the memory of a new one.
            previous: the nodes that ``out`` was last written for: then what it allowed is taken
                back, and the rest of the vocabulary is not touched.

        Raises:
            BadArgument: an action has a token that the vocabulary lacks.
        """
        import torch

        self.check_vocabulary(vocabulary)
        if out is None:
            mask = torch.zeros(len(states), vocabulary, dtype=torch.bool, device=self.device)
        elif previous is None:
            mask = out.zero_()
        else:
            mask = out.scatter_(1, self.ids[previous], False)
        # Repetitions write what their first wrote; a node that allows nothing writes False.
        some = (self.size[states] > 0)[:, None].expand(-1, self.ids.shape[1])
        return mask.scatter_(1, self.ids[states], some)

    def check_vocabulary(self, vocabulary: int) -> None:
        """Refuses a vocabulary that lacks a token of some action.

        Raises:
            BadArgument: it does; names the largest.
        """
        if self._largest >= vocabulary:
            raise BadArgument(
                f"token {self._largest} of some action is outside the vocabulary of {vocabulary}; "
                "apply the token table to the model first"
            )

    def advance(self, states: Tensor, tokens: Tensor) -> Tensor:
        """The nodes that tokens `[B]` lead to from nodes `[B]`; ``DEAD`` where not allowed."""
        found = self._own[states] == tokens[:, None]
        # At most one place holds the token, so the sum picks its node, and 0 is DEAD.
        return (self._next[states] * found).sum(1)

    def parse(self, states: Tensor, tokens: Tensor) -> Parsed:
        """What token sequences `[B, T]` come to from nodes `[B]`; a pure walk, raising nothing.

        What follows a complete action is not looked at.
        """
        import torch

        lengths = torch.zeros_like(states)
        done, actions = states == DONE, torch.full_like(states, -1)
        for token in tokens.unbind(1):
            following = self.advance(states, token)
            actions = torch.where(done, actions, self._reached(states, token))
            lengths += (~done & (following != DEAD)).to(lengths.dtype)
            states = torch.where(done, states, following)
            done = states == DONE
        return Parsed(states, done, lengths, torch.where(done, actions, -1))

    def _reached(self, states: Tensor, tokens: Tensor) -> Tensor:
        """The action that tokens complete, or -1."""
        found = self._own[states] == tokens[:, None]
        return ((self._action[states] + 1) * found).sum(1) - 1

    def rows(
        self, bodies: str | Sequence[str], tokens: Any, *, padding: int = -1, strict: bool = True
    ) -> NDArray[np.int64]:
        """Free-running output `[B, T]` as the rows `[B, m]` that adapters decode.

        Args:
            bodies: one body for all rows, or one for each; m is the longest action of theirs.
            tokens: what was generated, prompt left out.
            padding: what follows a complete action.
            strict: refuse rows that are no action. Otherwise such a row is what was sound of
                it, padded, which is no action either: the adapter refuses it, one by one.

        Raises:
            DecodeError: a row is no whole action; says which and where it went wrong.
        """
        import torch

        given = torch.as_tensor(tokens, device=self.device)
        parsed = self.parse(self.start(bodies, len(given)), given)
        if strict and not bool(parsed.valid.all()):
            row = int((~parsed.valid).nonzero()[0, 0])
            length, said = int(parsed.lengths[row]), given[row].tolist()
            body = bodies if isinstance(bodies, str) else bodies[row]
            what = "it ends before the action does"
            if length < len(said):
                what = f"token {said[length]} at place {length} may not come there"
            raise DecodeError(f"row {row} {said} is no action of '{body}': {what}")
        names = {bodies} if isinstance(bodies, str) else set(bodies)
        width = max((self._depth[name] for name in names), default=0)
        keep = torch.arange(given.shape[1], device=self.device) < parsed.lengths[:, None]
        kept = torch.where(keep, given, padding)[:, :width].cpu().numpy()
        found = np.full((len(kept), width), padding, np.int64)
        found[:, : kept.shape[1]] = kept
        return found

    def invalid_rate(self, bodies: str | Sequence[str], tokens: Any) -> float:
        """The share of free-running rows `[B, T]` that are no action of their body, in [0, 1]."""
        import torch

        given = torch.as_tensor(tokens, device=self.device)
        valid = self.parse(self.start(bodies, len(given)), given).valid
        return 1.0 - float(valid.float().mean())

    def choose(
        self, logits: Tensor, states: Tensor, tokens: Tensor, gathered: bool = False
    ) -> Chosen:
        """Log-probability and entropy under the mask, from the allowed logits alone.

        Differentiable in the logits. At a node that allows nothing, the log-probability is -inf
        and the entropy 0.

        Args:
            logits: over the whole vocabulary, `[B, V]`, or ``gathered``: at ``allowed_ids``,
                `[B, W]`, which a head that computes no others can give.
            states: nodes, `[B]`.
            tokens: what was said, `[B]`.
            gathered: which of the two ``logits`` are.
        """
        import torch

        at = logits if gathered else logits.gather(1, self.ids[states])
        # Finite, so that what is impossible adds nothing to the entropy instead of NaN.
        scores = torch.log_softmax(at.float() + self._bias[states], 1).clamp(min=-1e30)
        entropy = -(scores.exp() * scores).sum(1)
        known, place = (self._own[states] == tokens[:, None]).max(1)
        log_prob = scores.gather(1, place[:, None])[:, 0].masked_fill(~known, -torch.inf)
        return Chosen(log_prob, entropy, entropy / self._room[states])

    def score(self, logits: Tensor, states: Tensor, tokens: Tensor) -> Chosen:
        """The same for whole actions: summed over the steps `[B, T, V]` until each is complete.

        ``normalised`` is the entropy over the sum of the logarithms of the choices there were.
        """
        import torch

        parts: list[Chosen] = []
        room = torch.zeros_like(states, dtype=torch.float32)
        for step, token in enumerate(tokens.unbind(1)):
            part, going = self.choose(logits[:, step], states, token), states != DONE
            parts.append(Chosen(*(torch.where(going, one, 0.0) for one in part)))
            room += torch.where(going, self.size[states].clamp(min=1).log(), 0.0)
            states = torch.where(going, self.advance(states, token), states)
        log_prob = torch.stack([part.log_prob for part in parts]).sum(0)
        entropy = torch.stack([part.entropy for part in parts]).sum(0)
        return Chosen(log_prob, entropy, entropy / room.clamp(min=math.log(2)))


class _Nodes:
    """The nodes while they are gathered: token to next node, and to the action it completes."""

    def __init__(self, end: int | None) -> None:
        self.roots: dict[str, int] = {}
        self.depth: dict[str, int] = {}
        self.next: list[dict[int, int]] = [{}, {} if end is None else {end: DONE}]
        self.action: list[dict[int, int]] = [{}, {}]

    def add_sequences(self, body: str, sequences: Steps) -> None:
        root = self._root(body, sequences)
        self.depth[body] = max(map(len, sequences))
        for index, sequence in enumerate(sequences):
            node = root
            for token in sequence[:-1]:
                node = self._step(node, int(token), body, index)
            last = int(sequence[-1])
            if last in self.next[node]:
                raise BadArgument(f"action {index} of '{body}' is another's tokens or beginning")
            self.next[node][last], self.action[node][last] = DONE, index

    def add_steps(self, body: str, steps: Steps) -> None:
        node = self._root(body, steps)
        self.depth[body] = len(steps)
        for left, tokens in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
            following = self._new() if left else DONE
            self.next[node] = {int(token): following for token in tokens}
            if len(self.next[node]) != len(tokens):
                raise BadArgument(f"'{body}' allows a token twice at one step")
            node = following

    def _root(self, body: str, given: Steps) -> int:
        if body in self.roots:
            raise BadArgument(f"the body '{body}' is in the forest twice")
        if not given or not all(len(one) for one in given):
            raise BadArgument(f"an action or a step of '{body}' has no tokens")
        self.roots[body] = self._new()
        return self.roots[body]

    def _new(self) -> int:
        self.next.append({})
        self.action.append({})
        return len(self.next) - 1

    def _step(self, node: int, token: int, body: str, index: int) -> int:
        following = self.next[node].get(token)
        if following == DONE:
            raise BadArgument(
                f"action {self.action[node][token]} of '{body}' is the beginning of action "
                f"{index}: end the shorter with a terminator"
            )
        if following is None:
            following = self.next[node][token] = self._new()
        return following

    def tables(self) -> tuple[NDArray[np.int64], ...]:
        """Tokens, next nodes, how many, and actions (-1 where none is completed)."""
        size = np.array([len(one) for one in self.next])
        shape = len(size), int(size.max())
        ids, following = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        action = np.full(shape, -1, np.int64)
        for node, one in enumerate(self.next):
            for place, token in enumerate(sorted(one)):
                ids[node, place], following[node, place] = token, one[token]
                action[node, place] = self.action[node].get(token, -1)
            ids[node, len(one) :] = ids[node, 0]
        return ids, following, size, action
