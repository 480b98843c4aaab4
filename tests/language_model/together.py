"""One of several processes that teach a small GEA together: what ``torchrun`` starts in a test."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from signposts import demonstrations

from polyathlon.agents.gea.cloning import GeaCloning
from polyathlon.agents.gea.config import PRESETS
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.many import leave, rank

TINY = {
    "small.width": 32, "small.layers": 1, "small.words": 400, "small.image_size": 16,
    "small.patch_size": 4, "small.vision_width": 32, "small.vision_layers": 1, "image_tokens": 4,
    "codes": 8, "tokenizer_width": 16, "tokenizer_updates": 20, "tokenizer_batch": 32,
    "cloning.batch_size": 4, "log_every": 2, "save_every": 2,
}  # fmt: skip


def main(folder: Path, updates: int) -> None:
    """Trains, and writes down which agent this process then has."""
    torch.set_num_threads(1)
    config = configure(PRESETS, "gea-mini", {**TINY, "cloning.updates": updates})
    training = GeaCloning(folder / "agent", config, demonstrations())
    training.run()
    (folder / f"{updates}-{rank()}").write_text(training.agent().digest())
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
