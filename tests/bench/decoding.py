"""Constrained decoding against ``prefix_allowed_tokens_fn``, and adapters against bare numpy.

Run by itself: ``python tests/bench/decoding.py``. Each function gives rows for the tables of
``make bench``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy as np
from gymnasium import spaces

from polyathlon.adapters.lang import LangAdapter
from polyathlon.adapters.pred import PredAdapter
from polyathlon.adapters.quantile import QuantileAdapter
from polyathlon.adapters.semlang import SemLangAdapter
from polyathlon.adapters.uniform import UniformAdapter
from polyathlon.core.specs import Embodiment
from polyathlon.tasks.langr import ROBOT
from polyathlon.tasks.langr.vocabulary import SKILLS

VOCABULARY = 152_064
"""Tokens of Qwen2.5-VL, as its configuration has them."""

ROWS = 32
BATCHES = ((1, 4000), (256, 1500), (65_536, 15))
"""Batch, and how many calls make one measurement."""

WIDTH = 7


def _rate(call: Callable[[], Any], count: int) -> float:
    """Calls a second, by processor time: another process on the core must not count."""
    call()
    begun = time.process_time()
    for _ in range(count):
        call()
    return count / max(time.process_time() - begun, 1e-9)


def _skills() -> SemLangAdapter:
    """The 70 skills by word, their ids spread over the vocabulary as a tokenizer's are."""
    spoken = [skill.spoken for skill in SKILLS]
    words = sorted({word for phrase in spoken for word in phrase.split()})
    ids = np.random.default_rng(0).choice(VOCABULARY - 1, len(words), replace=False)
    number = dict(zip(words, ids.tolist(), strict=True))

    class Words:
        def encode(self, text: str, add_special_tokens: bool) -> list[int]:
            return [number[word] for word in text.split()]

    return SemLangAdapter(
        spaces.Discrete(len(SKILLS)),
        ROBOT,
        phrases=spoken,
        tokenizer=Words(),
        terminator=VOCABULARY - 1,
    )


def masks(pairs: int) -> list[measure.Ratio]:
    """One decoding step of 32 rows in 152,064 tokens under the 70 skills, on one thread."""
    import torch
    from transformers.generation.logits_process import PrefixConstrainedLogitsProcessor

    from polyathlon.adapters.logits import ConstrainedLogits
    from polyathlon.adapters.trie import Forest

    torch.set_num_threads(1)
    skills = _skills()
    forest = Forest({"langr": skills.sequences}, end=VOCABULARY - 1)
    follows: dict[tuple[int, ...], set[int]] = {}
    for sequence in skills.sequences:
        for size in range(len(sequence)):
            follows.setdefault(sequence[:size], set()).add(sequence[size])
    listed = {prefix: sorted(tokens) for prefix, tokens in follows.items()}
    theirs = PrefixConstrainedLogitsProcessor(lambda _, sent: listed[tuple(sent.tolist())], 1)

    scores = torch.randn(ROWS, VOCABULARY, generator=torch.Generator().manual_seed(0))
    said = torch.tensor([sequence[:1] for sequence in skills.sequences[::2][:ROWS]])
    states = forest.advance(forest.start("langr", ROWS), said[:, 0])
    tokens = forest.ids[states, 0]
    mask = forest.allowed(states, VOCABULARY)
    at = scores.gather(1, forest.allowed_ids(states)[0])

    def probabilities() -> Any:
        log_probs = torch.log_softmax(theirs(said, scores), 1)
        weighted = log_probs.exp() * log_probs.masked_fill(log_probs.isneginf(), 0.0)
        return log_probs.gather(1, tokens[:, None]), -weighted.sum(1)

    def processor() -> Any:
        return ConstrainedLogits(forest, ["langr"] * ROWS)(said, scores)

    def slow(call: Callable[[], Any]) -> Callable[[], float]:
        return lambda: _rate(call, 5)

    their_mask, both = slow(lambda: theirs(said, scores)), slow(probabilities)
    rows = [
        ("full mask, new", lambda: _rate(lambda: forest.allowed(states, VOCABULARY), 60)),
        ("full mask, written again", lambda: _rate(
            lambda: forest.allowed(states, VOCABULARY, out=mask, previous=states), 300)),
        ("masked scores", lambda: _rate(processor, 20)),
    ]  # fmt: skip
    found = [
        measure.ratio(f"{name} / prefix_allowed_tokens_fn", ours, their_mask, pairs)
        for name, ours in rows
    ]
    for name, ours in (
        ("from all logits", lambda: forest.choose(scores, states, tokens)),
        ("from those allowed", lambda: forest.choose(at, states, tokens, gathered=True)),
    ):
        ours_rate = _times(ours, 300)
        found += [
            measure.ratio(f"log-prob and entropy {name} / {rival}", ours_rate, rate, pairs)
            for rival, rate in (
                ("the same after prefix_allowed_tokens_fn", both),
                ("prefix_allowed_tokens_fn alone", their_mask),
            )
        ]
    return found


def _times(call: Callable[[], Any], count: int) -> Callable[[], float]:
    return lambda: _rate(call, count)


def _arm() -> tuple[spaces.Box, Embodiment]:
    body = Embodiment(
        id="arm",
        kind="continuous",
        action_names=tuple("abcdefg"),
        low=(-1.0,) * WIDTH,
        high=(1.0,) * WIDTH,
    )
    return spaces.Box(-1, 1, (WIDTH,), np.float32), body


def uniform(pairs: int) -> list[measure.Ratio]:
    """Even bins against the numpy operations they need at least, checks left out."""
    adapter = UniformAdapter(*_arm())
    random = np.random.default_rng(0)
    low, scale = np.float32(-1), np.float32(256)
    centres = ((np.arange(512) + 0.5) / 256 - 1).astype(np.float32)

    def bare_encode(actions: Any) -> Any:
        position = actions - low
        position *= scale
        return np.clip(position, 0, 511).astype(np.int64)

    def bare_clipping(actions: Any) -> Any:
        np.count_nonzero(actions < low), np.count_nonzero(actions > -low)
        return bare_encode(actions)

    rows = []
    for batch, count in BATCHES:
        inside = random.uniform(-1, 1, (batch, WIDTH)).astype(np.float32)
        beyond = (inside * 1.3).astype(np.float32)
        tokens = adapter.encode(inside)
        for name, ours, theirs in (
            ("encode", lambda a=inside: adapter.encode(a), lambda a=inside: bare_encode(a)),
            ("encode, a quarter clipped", lambda a=beyond: adapter.encode(a),
             lambda a=beyond: bare_clipping(a)),
            ("decode", lambda t=tokens: adapter.decode(t), lambda t=tokens: centres.take(t)),
        ):  # fmt: skip
            rows.append(
                measure.ratio(
                    f"uniform {name} / bare numpy, batch {batch}",
                    lambda f=ours, n=count, b=batch: b * _rate(f, n),
                    lambda f=theirs, n=count, b=batch: b * _rate(f, n),
                    pairs,
                )
            )
    return rows


def throughput(pairs: int) -> list[tuple[str, float, float, float]]:
    """Million actions a second, median with least and greatest."""
    space, body = _arm()
    random = np.random.default_rng(0)
    drawn = random.uniform(-1, 1, (20_000, WIDTH)).astype(np.float32)
    skills = spaces.Discrete(len(SKILLS))
    spoken = [skill.spoken for skill in SKILLS]
    adapters: dict[str, Any] = {
        "pred": PredAdapter(space, body),
        "uniform": UniformAdapter(space, body),
        "quantile": QuantileAdapter.fit(drawn, space, body),
        "pred, 70 skills": PredAdapter(skills, ROBOT),
        "semlang, 70 skills": SemLangAdapter(skills, ROBOT, phrases=spoken),
        "lang, 70 skills": LangAdapter(skills, ROBOT, phrases=spoken),
    }
    rows = []
    for name, adapter in adapters.items():
        for batch, count in BATCHES:
            if "skills" in name:
                actions: Any = random.integers(0, len(SKILLS), batch)
            else:
                actions = random.uniform(-1, 1, (batch, WIDTH)).astype(np.float32)
            tokens = adapter.encode(actions)
            for verb, call in (
                ("encode", lambda a=actions, x=adapter: x.encode(a)),
                ("decode", lambda t=tokens, x=adapter: x.decode(t)),
            ):
                rates = [batch * _rate(call, max(count // 3, 5)) / 1e6 for _ in range(pairs)]
                middle = statistics.median(rates)
                rows.append((f"{name}: {verb}, batch {batch}", middle, min(rates), max(rates)))
    return rows


if __name__ == "__main__":
    for row in [*masks(5), *uniform(5), *throughput(5)]:
        print("  ".join(f"{cell:,.3f}" if isinstance(cell, float) else str(cell) for cell in row))
