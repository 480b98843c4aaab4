"""Low-rank changes of a frozen model, by ``peft``."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.errors import BadArgument, MissingExtra
from ..bound import Count, Share


class Lora(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a model may change.

    Attributes:
        rank: of every change.
        alpha: changes are scaled by this over the rank.
        dropout: share of what goes into a change that is left out while cloning.
        targets: names of the linear layers that change.
    """

    rank: Count = 128
    alpha: Count = 32
    dropout: Share = 0.1
    targets: tuple[str, ...] = (
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    )  # fmt: skip


def add_lora(decoder: Any, lora: Lora) -> None:
    """Puts low-rank changes into a decoder's layers; all but them is frozen.

    Args:
        decoder: a model of ``transformers`` without its head: what it is given it keeps being.
        lora: how much.

    Raises:
        MissingExtra: ``peft`` is not installed.
        BadArgument: the model has no layer of any of the names.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError as error:
        raise MissingExtra("LoRA", "lm", "peft") from error
    names = {name.rpartition(".")[2] for name, _ in decoder.named_modules()}
    present = [name for name in lora.targets if name in names]
    if not present:
        raise BadArgument(
            f"{type(decoder).__name__} has no layer called {', '.join(lora.targets)}: name others "
            "in lora.targets"
        )
    config = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=present
    )
    inject_adapter_in_model(config, decoder)
