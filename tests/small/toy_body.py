"""A body of any size, and what it does: smooth motions."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.core.specs import Embodiment

pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")
pytest.importorskip("tokenizers")


def body(size: int, low: float = -1.0, high: float = 1.0, dtype=np.float32):
    """A Box and the body that declares it."""
    names = tuple(f"joint {number}" for number in range(size))
    embodiment = Embodiment(
        id=f"toy-{size}",
        kind="continuous",
        action_names=names,
        action_units=("rad",) * size,
        low=(low,) * size,
        high=(high,) * size,
    )
    return spaces.Box(low, high, (size,), dtype), embodiment


def stream(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Smooth motions, clipped at the ends of the range as scripted ones are."""
    chance = np.random.default_rng(seed)
    phases = chance.uniform(0, 6, size)
    time = np.arange(count)[:, None] * chance.uniform(0.01, 0.05, size)
    wave = 1.2 * np.sin(time + phases) + chance.normal(0, 0.1, (count, size))
    return np.clip(wave, -1, 1).astype(np.float32)
