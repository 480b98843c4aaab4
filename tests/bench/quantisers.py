"""The learned adapters' throughput, against the bare matrix products that their networks need."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy as np
from gymnasium import spaces
from measure import Ratio

from polyathlon.adapters.quantiser import Quantiser
from polyathlon.adapters.rvq import RvqAdapter
from polyathlon.core.specs import Embodiment

BATCHES = (1, 256, 65_536)
SIZE = 4
SECONDS = 0.3
"""How long a rate is measured for at least [s]."""


def throughput(pairs: int) -> list[Ratio]:
    """Bare products' rate over the adapter's: how many times as long the adapter takes.

    ``nearest`` is exact encoding through the table, ``network`` the trained encoder alone, and
    ``table`` decoding, which looks up what the decoder would compute.
    """
    adapter, stream = fitted()
    quick = RvqAdapter(
        adapter.env_space,
        adapter.embodiment,
        quantiser=adapter.quantiser,
        scale=adapter.scale,
        table=adapter.table,
        resolution=adapter.resolution,
        exact=False,
    )
    rows = []
    for batch in BATCHES:
        actions = np.resize(stream, (batch, SIZE))
        codes = adapter.encode(actions)
        encoding = functools.partial(bare_encoding, adapter.quantiser, actions)
        decoding = functools.partial(bare_decoding, adapter.quantiser, batch)
        for name, bare, ours in (
            ("encode, nearest", encoding, functools.partial(adapter.encode, actions)),
            ("encode, network", encoding, functools.partial(quick.encode, actions)),
            ("decode, table", decoding, functools.partial(adapter.decode, codes)),
        ):
            rows.append(
                measure.ratio(
                    f"bare products / rvq {name}, batch {batch:,}",
                    functools.partial(rate, bare, batch),
                    functools.partial(rate, ours, batch),
                    pairs,
                )
            )
    return rows


def fitted(updates: int = 800, width: int = 256) -> tuple[RvqAdapter, np.ndarray]:
    """An adapter of four dimensions at the default sizes, and what it was fitted to."""
    names = ("x", "y", "z", "gripper")
    body = Embodiment(
        id="bench-arm",
        kind="continuous",
        action_names=names,
        action_units=("1",) * SIZE,
        low=(-1.0,) * SIZE,
        high=(1.0,) * SIZE,
    )
    chance = np.random.default_rng(0)
    step = np.arange(20_000)[:, None] * chance.uniform(0.01, 0.05, SIZE)
    wave = 1.2 * np.sin(step + chance.uniform(0, 6, SIZE)) + chance.normal(0, 0.1, (20_000, SIZE))
    stream = np.clip(wave, -1, 1).astype(np.float32)
    space = spaces.Box(-1, 1, (SIZE,), np.float32)
    return RvqAdapter.fit(stream, space, body, updates=updates, width=width), stream


def bare_encoding(quantiser: Quantiser, actions: np.ndarray) -> np.ndarray:
    """The encoder's products and the one of the search; no bias, no ReLU, no choice."""
    rows = actions
    for weight in weights(quantiser, "encoder"):
        rows = rows @ weight
    return rows @ quantiser.codebooks.reshape(-1, quantiser.latent).T


def bare_decoding(quantiser: Quantiser, batch: int) -> np.ndarray:
    """The decoder's products."""
    rows = np.ones((batch, quantiser.latent), np.float32)
    for weight in weights(quantiser, "decoder"):
        rows = rows @ weight
    return rows


def weights(quantiser: Quantiser, name: str) -> list[np.ndarray]:
    layers = len(quantiser.widths(name)) - 1
    return [quantiser.arrays[f"{name}.{layer}.weight"] for layer in range(layers)]


def rate(work: Callable[[], Any], batch: int) -> float:
    """Actions a second, by processor time: another process on the core must not count."""
    work()
    begun, done = time.process_time(), 0
    while (taken := time.process_time() - begun) < SECONDS:
        work()
        done += batch
    return done / taken


def fitting(count: int = 500_000, **options: Any) -> list[tuple[str, float, float, float]]:
    """Seconds to fit the tokenizer of 21 slots to bodies of 4, 7, 10 and 21 dimensions, once.

    Args:
        count: actions of all bodies together.
        options: fields of the recipe that differ, e.g. ``threads=2``.
    """
    from polyathlon.adapters.tokenizer import MultiEmbodimentTokenizer

    chance = np.random.default_rng(0)
    streams = {}
    for size in (4, 7, 10, 21):
        body = Embodiment(
            id=f"bench-{size}",
            kind="continuous",
            action_names=tuple(f"joint {number}" for number in range(size)),
            action_units=("1",) * size,
            low=(-1.0,) * size,
            high=(1.0,) * size,
        )
        # Few causes move many joints, as in a body that does something.
        causes = np.sin(np.arange(count // 4)[:, None] * chance.uniform(0.01, 0.05, 3))
        moves = causes @ chance.normal(0, 0.6, (3, size))
        streams[body] = np.clip(moves + chance.normal(0, 0.05, moves.shape), -1, 1)
    begun = time.perf_counter()
    MultiEmbodimentTokenizer.fit(streams, **options)
    taken = time.perf_counter() - begun
    return [(f"fit the tokenizer of 21 slots, {count:,} actions", taken, taken, taken)]


if __name__ == "__main__":
    for row in throughput(3):
        print(*row, sep="\t")
