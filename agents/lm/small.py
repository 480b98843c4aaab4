"""Models of a few thousand to a few million parameters, saved as folders like any other.

They are made of the same classes as the large ones, from their configurations, with a vocabulary
of their own: byte pairs over whatever texts are to be said. What is trained and tested on them is
the code that the large ones go through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
import torch

from ...core.errors import BadArgument
from ...core.files import write_atomically
from ..bound import Count, Whole
from .many import rank
from .snapshot import is_snapshot

END, BEGIN, PAD = "<|end|>", "<|begin|>", "<|pad|>"

TRUNK = "trunk"
"""The folder, below an agent's, of a model of its own."""

VISION_HEADS = 4
"""Of attention in a vision tower."""


class Small(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes of a small model.

    Attributes:
        kind: ``llama`` (words alone), ``llava-onevision`` or ``qwen2-vl`` (words and pictures).
        width: of hidden states.
        layers: of the decoder.
        heads: of attention; half as many keys.
        words: the most tokens of the vocabulary.
        image_size: side of a picture [px].
        patch_size: side of a patch [px].
        vision_width: of the vision tower.
        vision_layers: of the vision tower.
        seed: of the weights.
    """

    kind: Literal["llama", "llava-onevision", "qwen2-vl"] = "llama"
    width: Count = 64
    layers: Count = 2
    heads: Count = 4
    words: Count = 512
    image_size: Count = 56
    patch_size: Count = 8
    vision_width: Count = 64
    vision_layers: Count = 2
    seed: Whole = 0

    def __post_init__(self) -> None:
        """Refuses sizes that do not go into one another.

        Raises:
            BadArgument: says which.
        """
        if self.heads > 1 and self.heads % 2:
            raise BadArgument(f"small.heads={self.heads}: half as many keys want an even number")
        if self.width % (2 * self.heads):
            raise BadArgument(
                f"small.width={self.width} is no multiple of twice small.heads, {2 * self.heads}"
            )
        if self.vision_width % VISION_HEADS or self.image_size % self.patch_size:
            raise BadArgument(
                f"small.vision_width={self.vision_width} must be a multiple of {VISION_HEADS}, and "
                f"small.image_size={self.image_size} of small.patch_size={self.patch_size}"
            )


def own_trunk(folder: Path, small: Small, texts: Iterable[str]) -> Path:
    """The folder of an agent's own model.

    Made where nothing has been learnt on it yet, over what a training that was stopped before its
    first snapshot may have left: that may be half of one, or of other sizes. Afterwards it is a
    part of the agent, and whoever loads that misses what is missing.

    Args:
        folder: of the agent.
        small: sizes.
        texts: from which its vocabulary is learnt.
    """
    path = folder / TRUNK
    if rank() == 0 and not is_snapshot(folder):
        make_small(path, small, texts)
    return path


def make_small(folder: Path, small: Small, texts: Iterable[str]) -> Path:
    """Makes a small model and saves it; returns its folder.

    Args:
        folder: made where it does not exist.
        small: its sizes.
        texts: from which its vocabulary is learnt.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(texts, small.words)
    config = _config(small, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(small.seed)
        model = _model(small, config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if small.kind != "llama":
        settings = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": small.image_size}
        text = json.dumps(settings, indent=1).encode()
        write_atomically(folder / "preprocessor_config.json", text)
    return folder


def make_tokenizer(texts: Iterable[str], words: int) -> Any:
    """A byte-level tokenizer of byte pairs learnt from texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(words, 300), special_tokens=[END, BEGIN, PAD], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    made.train_from_iterator(list(texts), trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made, eos_token=END, bos_token=BEGIN, pad_token=PAD
    )


def _config(small: Small, tokenizer: Any) -> Any:
    import transformers

    text: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": small.width,
        "intermediate_size": 4 * small.width,
        "num_hidden_layers": small.layers,
        "num_attention_heads": small.heads,
        "num_key_value_heads": max(1, small.heads // 2),
        "max_position_embeddings": 4096,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }
    if small.kind == "llama":
        return transformers.LlamaConfig(**text)
    if small.kind == "qwen2-vl":
        vision = {
            "embed_dim": small.vision_width, "depth": small.vision_layers,
            "num_heads": VISION_HEADS, "hidden_size": small.width,
            "patch_size": small.patch_size, "mlp_ratio": 2,
        }  # fmt: skip
        half = small.width // small.heads // 2
        sections = [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8]  # As in the large.
        rope = {"rope_type": "default", "mrope_section": sections, "rope_theta": 10_000.0}
        text["rope_parameters"] = rope
        return transformers.Qwen2VLConfig(text_config=text, vision_config=vision)
    vision = {
        "hidden_size": small.vision_width, "intermediate_size": 2 * small.vision_width,
        "num_hidden_layers": small.vision_layers, "num_attention_heads": VISION_HEADS,
        "image_size": small.image_size, "patch_size": small.patch_size, "vision_use_head": False,
    }  # fmt: skip
    return transformers.LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **text},
        vision_config={"model_type": "siglip_vision_model", **vision},
        vision_feature_layer=-1,
    )


def _model(small: Small, config: Any) -> Any:
    import transformers

    kinds = {
        "llama": "LlamaForCausalLM",
        "llava-onevision": "LlavaOnevisionForConditionalGeneration",
        "qwen2-vl": "Qwen2VLForConditionalGeneration",
    }
    return getattr(transformers, kinds[small.kind])(config)
