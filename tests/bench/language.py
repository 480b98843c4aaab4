"""What agents with a language model inside cost: the cache, the batch, and the path of the data."""

from __future__ import annotations

import functools
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from measure import Ratio, ratio

from polyathlon.agents.gea.cloning import GeaCloning
from polyathlon.agents.gea.config import PRESETS
from polyathlon.agents.gea.sequence import write
from polyathlon.agents.llarp.agent import assemble
from polyathlon.agents.llarp.config import PRESETS as LLARP
from polyathlon.agents.llarp.memory import Memory
from polyathlon.agents.llarp.network import Strand
from polyathlon.agents.lm.configuration import configure

sys.path.append(str(Path(__file__).resolve().parent.parent / "language_model"))

from signposts import SLIDER, WALKER, demonstrations

HORIZON = 32
"""Steps of an episode."""

BATCHES = 8
"""That GEA learns from in one timing; some hold more pictures than others."""

TEXT = "take the apple from the table to the sink, and close the fridge when that is done"


@functools.cache
def _parts():
    """A small LLaRP with a trunk of four layers."""
    changes = {"layout": [], "things": [], "adapter": "pred", "small.layers": 4, "reading": "all"}
    config = configure(LLARP, "llarp-mini", changes)
    folder = Path(tempfile.mkdtemp())
    torch.manual_seed(0)
    seen = {"state": np.zeros(64, np.float32)}
    parts = assemble(config, WALKER, seen, folder, [TEXT])
    parts.network.eval()
    return parts


def _timed(work: Callable[[], object], times: int) -> float:
    """Calls a second of processor time, which on one thread is what a quiet machine takes."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return times / (time.process_time() - begun)


def _cached(past: int, slots: int = 1) -> Callable[[], object]:
    """The next step of an episode so far gone, with its past in the cache."""
    parts = _parts()
    memory = Memory(parts.network, slots)
    seen = torch.randn(past, parts.seen)
    strand = Strand(TEXT, seen, torch.zeros(past, 0).long())
    now, every = torch.randn(slots, parts.seen), list(range(slots))
    memory.begin(every, [strand] * slots)
    memory.decide(every, now, None)
    length = memory._cache.lengths.clone()

    def step() -> object:
        memory._cache.lengths[:] = length
        return memory.decide(every, now, None)

    return step


def _recomputed(past: int) -> Callable[[], object]:
    """The same step by a full pass over instruction and all that was seen."""
    network, seen = _parts().network, torch.randn(past + 1, _parts().seen)
    strand = Strand(TEXT, seen, torch.zeros(past + 1, 0).long())

    def step() -> object:
        with torch.no_grad():
            return network.judge([strand], [torch.zeros(1, dtype=torch.long)])

    return step


def _one_by_one(slots: int) -> Callable[[], object]:
    """The same step of several slots, each asked for itself."""
    steps = [_cached(HORIZON - 2) for _ in range(slots)]
    return lambda: [step() for step in steps]


def decoding(pairs: int) -> list[Ratio]:
    """Steps with a cache against steps without one; eight slots at once against one by one."""
    last = HORIZON - 2
    rows = [
        ("LLaRP's step 31: cached / recomputed", _cached(last), _recomputed(last)),
        ("LLaRP's step 3: cached / recomputed", _cached(2), _recomputed(2)),
        ("cached: step 31 / step 3 (1 is flat)", _cached(last), _cached(2)),
        ("recomputed: step 31 / step 3", _recomputed(last), _recomputed(2)),
        ("8 slots in one call / 8 calls", _cached(last, 8), _one_by_one(8)),
    ]
    return [
        ratio(
            name,
            functools.partial(_timed, ours, 40),
            functools.partial(_timed, other, 40),
            pairs,
        )
        for name, ours, other in rows
    ]


def cloning(pairs: int) -> list[Ratio]:
    """GEA's updates, data set to step, against forward and backward of the same batches alone."""
    torch.manual_seed(0)
    sets = demonstrations(20, (WALKER, SLIDER))
    changes = {"cloning.batch_size": 32, "tokenizer_updates": 50, "cloning.updates": 10**6}
    training = GeaCloning(Path(tempfile.mkdtemp()), configure(PRESETS, "gea-mini", changes), sets)
    dice = np.random.default_rng(0)
    drawn = [training.mixture.draw(32, dice) for _ in range(BATCHES)]
    batches = itertools.cycle([write(training.parts.scribe, spans) for spans in drawn])

    def whole() -> float:
        training.dice = np.random.default_rng(0)
        return _timed(training._step, BATCHES)

    def bare() -> None:
        training.optimiser.zero_grad(set_to_none=True)
        training.network.cloning_loss(next(batches)).backward()

    return [
        ratio(
            "GEA: samples a second, data set to step / bare forward and backward",
            whole,
            functools.partial(_timed, bare, BATCHES),
            pairs,
        )
    ]


def language(pairs: int) -> list[Ratio]:
    """All of them."""
    torch.set_num_threads(1)
    return decoding(pairs) + cloning(pairs)
