"""GEA at full size with random weights, for a GPU: memory and time of LoRA steps and of decoding.

    make typings && export PYTHONPATH=typings  # or: pip install -e .
    python tests/proofs/full_size.py --device cuda --dtype bfloat16
    python tests/proofs/full_size.py --device cpu --dtype float32 --small  # the same at toy size

No weights are read: the model is LLaVA-OneVision 7B by its configuration (Qwen2 7B, SigLIP so400m
at 384 px), drawn on the device. It learns two steps on made-up demonstrations of two bodies,
decodes batches of eight slots under the mask, and finds what it said as likely in a full pass.
Needs torch, transformers, peft, tokenizers, safetensors, numpy, gymnasium and msgspec alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import polyathlon
from polyathlon.agents.gea.agent import assemble
from polyathlon.agents.gea.config import GeaConfig
from polyathlon.agents.gea.demonstration import DemoSet, Mixture
from polyathlon.agents.gea.memory import Memory
from polyathlon.agents.gea.moment import Moment, judge
from polyathlon.agents.gea.network import Critic
from polyathlon.agents.gea.sequence import write
from polyathlon.agents.lm.backbone import Loading
from polyathlon.agents.lm.lora import Lora
from polyathlon.agents.lm.small import make_tokenizer
from polyathlon.core.specs import Embodiment
from polyathlon.core.trajectory import Trajectory

ARM = Embodiment(
    id="sawyer-xyz", kind="continuous", action_names=("dx", "dy", "dz", "gripper"),
    action_units=("1",) * 4, low=(-1.0,) * 4, high=(1.0,) * 4,
)  # fmt: skip
GRID = Embodiment(
    id="babyai-agent", kind="discrete",
    action_names=("left", "right", "forward", "pickup", "drop", "toggle", "done"),
)  # fmt: skip

TEXT = {
    "model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
    "vocab_size": 152_000, "max_position_embeddings": 32_768, "tie_word_embeddings": False,
}  # fmt: skip
"""``config.json`` of llava-hf/llava-onevision-qwen2-7b-ov-hf."""

VISION = {
    "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
    "num_hidden_layers": 26, "num_attention_heads": 16, "image_size": 384, "patch_size": 14,
    "vision_use_head": False,
}  # fmt: skip
"""Likewise: SigLIP so400m without its last layer."""

TOY_TEXT = {
    **TEXT, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 1000,
}  # fmt: skip
TOY_VISION = {
    **VISION, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4,
}  # fmt: skip


def demonstrations(episodes: int = 4, steps: int = 5, side: int = 384) -> list[DemoSet]:
    """Episodes of noise: what they are of does not matter to memory and time."""
    dice = np.random.default_rng(0)
    sets = []
    for body in (ARM, GRID):
        found = []
        for _ in range(episodes):
            ends = np.arange(steps) == steps - 1
            actions: Any = dice.integers(7, size=steps)
            if body is ARM:
                actions = dice.uniform(-1, 1, (steps, 4)).astype(np.float32)
            pictures = dice.integers(0, 255, (steps + 1, side, side, 3), np.uint8)
            found.append(
                Trajectory(
                    {"rgb": pictures},
                    actions,
                    np.zeros(steps, np.float32),
                    ends,
                    np.zeros(steps, bool),
                    instruction="go to the red ball",
                )
            )
        sets.append(DemoSet(name=body.id, body=body, instruction="", episodes=tuple(found)))
    return sets


def make_folder(folder: Path, small: bool) -> Path:
    """A model's folder without weights: configuration and a vocabulary."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    config = transformers.LlavaOnevisionConfig(
        text_config=TOY_TEXT if small else TEXT,
        vision_config=TOY_VISION if small else VISION,
        vision_feature_layer=-1,
    )
    config.architectures = ["LlavaOnevisionForConditionalGeneration"]
    config.save_pretrained(folder)
    texts = ["go to the red ball", *GRID.action_names]
    make_tokenizer(texts, 400).save_pretrained(folder)
    return folder


class Meter:
    """Times parts of the work and the memory that they take."""

    def __init__(self, device: str) -> None:
        self._cuda, self.rows = device.startswith("cuda"), list[dict[str, Any]]()

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        """Does a part of the work and prints what it took."""
        if self._cuda:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        begun = time.perf_counter()
        found = work()
        if self._cuda:
            torch.cuda.synchronize()
        row = {"what": name, "seconds": round(time.perf_counter() - begun, 3)}
        if self._cuda:
            row["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        self.rows.append(row)
        print(json.dumps(row), flush=True)
        return found


def main() -> int:
    """Trains, decodes, compares; ends with 1 if cached and full probabilities are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--small", action="store_true", help="toy sizes, for a processor")
    parser.add_argument("--batch", type=int, default=2, help="spans of an update")
    parser.add_argument("--slots", type=int, default=8)
    options = parser.parse_args()
    print(f"polyathlon {polyathlon.__version__}, torch {torch.__version__}", flush=True)
    folder = make_folder(Path(tempfile.mkdtemp()) / "model", options.small)
    config = GeaConfig(
        loading=Loading(
            model=str(folder),
            device=options.device,
            dtype=options.dtype,
            scratch=True,
            train="lora",
            lora=Lora(rank=8 if options.small else 128),
            checkpointing=True,
        ),
        image_tokens=196,
        dialect="uniform",
        sharing="all",
    )
    torch.manual_seed(0)
    meter, mixture = Meter(options.device), Mixture(demonstrations(), 3, ("rgb",))
    parts = meter(
        "model drawn",
        lambda: assemble(config, mixture.bodies, {}, mixture.fields(), None, folder),
    )
    network, dice = parts.network, np.random.default_rng(0)
    every = sum(one.numel() for one in network.parameters())
    learns = [one for one in network.parameters() if one.requires_grad]
    print(f"{every / 1e9:.2f} billion parameters, {sum(p.numel() for p in learns) / 1e6:.0f} "
          "million of them learn", flush=True)  # fmt: skip
    optimiser = torch.optim.AdamW(learns, lr=1e-4)

    def update() -> float:
        network.train()
        optimiser.zero_grad(set_to_none=True)
        loss = network.cloning_loss(write(parts.scribe, mixture.draw(options.batch, dice)))
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    for number in range(2):
        loss = meter(f"LoRA update {number + 1}, {options.batch} spans of 3 pictures", update)
        print(f"loss {loss:.3f}", flush=True)
    network.eval()
    apart = _decode(parts, meter, options.slots, dice)
    print(f"log-probabilities, cached against full: at most {apart:.2g} apart", flush=True)
    # Rounding to eight bits of a mantissa, over a hundred layers' worth of sums.
    return int(apart > (1e-3 if options.dtype == "float32" else 0.5))


def _decode(parts: Any, meter: Meter, slots: int, dice: np.random.Generator) -> float:
    """Plays three steps of several slots; how far a full pass finds the last otherwise."""
    network, scribe = parts.network, parts.scribe
    memory, places = Memory(network, scribe, slots), list(range(slots))
    bodies = [(ARM, GRID)[place % 2] for place in places]
    for place, body in zip(places, bodies, strict=True):
        memory.begin(place, body, "go to the red ball")
    moments, told = [], torch.zeros(0)
    for step in range(3):
        seen = [{"rgb": dice.integers(0, 255, (384, 384, 3), np.uint8)} for _ in places]
        before = [memory.steps(place) for place in places]

        def act(seen: Any = seen) -> Any:
            thought = memory.think(places, seen)
            draws = torch.from_numpy(dice.random((slots, 8)))
            return thought, memory.speak(places, thought, draws)

        thought, said = meter(f"decoding step {step + 1}, {slots} slots", act)
        moments = [
            Moment(body, scribe.prompt(body, "go to the red ball"),
                   (*before[place], memory.said(place)), thought.glance[place])
            for place, body in zip(places, bodies, strict=True)
        ]  # fmt: skip
        told = said.log_probs.float().cpu()
    width = network.backbone.width
    critic = Critic(width, width, 16, 1, 0.1).to(network.device)
    worlds = torch.zeros(slots, dtype=torch.long, device=network.device)
    with torch.no_grad():
        found = meter("full pass", lambda: judge(network, scribe, critic, moments, worlds))
    return float((found.log_probs.float().cpu() - told).abs().max())


if __name__ == "__main__":
    raise SystemExit(main())
