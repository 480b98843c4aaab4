"""What is claimed of learned adapters, on Meta-World's oracles and on four bodies of our making."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from polyathlon.adapters.tokenizer import MultiEmbodimentTokenizer
from polyathlon.benchmarks.fidelity import measure
from polyathlon.cli.tokenizer import tokenizer_group
from polyathlon.core.specs import Embodiment

Row = tuple[str, str, str]
"""What is claimed, what was found, and whether it holds."""


def oracle_rows(width: int, updates: int) -> Iterator[Row]:
    """Two oracle episodes of each of the 50 Meta-World tasks, a fifth of them held out."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = ["--width", str(width), "--updates", str(updates)]
        tokenizer_group.main(
            ["fit", "tag:mt50", "--episodes", "2", "--out", folder, *sizes], standalone_mode=False
        )
        (body,) = measure(Path(folder)).bodies
    found = {f"{one.adapter}, {one.setting}": one for one in body.adapters}
    vq, rvq = found["vq, 1 x 512"], found["rvq, 2 x 512"]
    times = vq.mse / rvq.mse
    yield "rvq at least 3 times as exact as vq", f"{times:.1f} times", _holds(times >= 3)
    for one in (vq, rvq):
        used = [sum(count > 0 for count in level) for level in one.usage]
        words = f"{one.adapter}: at least half of each level's codes in use"
        yield words, f"{used} of 512", _holds(min(used) >= 256)


def union_rows(actions: int, width: int, updates: int) -> Iterator[Row]:
    """Four bodies of 4, 7, 10 and 21 dimensions through one quantiser: which codes each uses."""
    chance = np.random.default_rng(0)
    streams = {}
    for size in (4, 7, 10, 21):
        names = tuple(f"joint {number}" for number in range(size))
        ends = {"low": (-1.0,) * size, "high": (1.0,) * size}
        body = Embodiment(id=f"body-{size}", kind="continuous", action_names=names, **ends)
        causes = np.sin(np.arange(actions)[:, None] * chance.uniform(0.01, 0.05, 3))
        moves = causes @ chance.normal(0, 0.6, (3, size))
        streams[body] = np.clip(moves + chance.normal(0, 0.05, moves.shape), -1, 1)
    tokenizer = MultiEmbodimentTokenizer.fit(streams, width=width, updates=updates)
    together = np.zeros((2, 512), bool)
    for body, stream in streams.items():
        codes = tokenizer.for_embodiment(body).encode(stream[:: max(1, actions // 5000)])
        for level in range(2):
            together[level, codes[:, level]] = True
        used = [len(np.unique(column)) for column in codes.T]
        yield f"codes in use, {body.id}", f"{used} of 512", ""
    used = together.sum(1).tolist()
    yield "all bodies together: at least half", f"{used} of 512", _holds(min(used) >= 256)


def _holds(held: bool) -> str:
    return "holds" if held else "DOES NOT HOLD"
