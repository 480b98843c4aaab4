"""The parts of an agent put together, and which agent that makes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from torch import Tensor

from ...core.errors import BadArgument
from ...core.specs import Embodiment, digest_of
from ..lm.backbone import DTYPES, Backbone, load_backbone
from ..lm.many import device_of
from ..lm.reader import Reader
from ..lm.small import own_trunk
from ..lm.wording import phrases_of
from .bridge import Sight
from .config import LlarpConfig
from .network import LlarpNetwork


class Parts(NamedTuple):
    """Everything that plays.

    Attributes:
        network: what learns, on its device.
        sight: the frozen part that sees.
        reader: the frozen part that reads, where there is one.
        body: whose actions.
        seen: numbers that the sight gives.
    """

    network: LlarpNetwork
    sight: Sight
    reader: Reader | None
    body: Embodiment
    seen: int

    @property
    def choices(self) -> int:
        """Random numbers that a step takes."""
        vocation = self.network.vocation
        return 1 if vocation is None else vocation.forest.longest

    def tokens_of(self, actions: Sequence[int]) -> Tensor:
        """How actions are said, `[N, m]`; of no width for a head of its own."""
        vocation = self.network.vocation
        if vocation is None:
            return torch.zeros(len(actions), 0, dtype=torch.long)
        return vocation.tokens(actions).to(self.network.device)


def assemble(
    config: LlarpConfig,
    body: Embodiment,
    observation: Mapping[str, Any],
    folder: Path,
    texts: Iterable[str] = (),
    seen: int | None = None,
) -> Parts:
    """An agent with new weights where they are not read; all dice are torch's as they stand.

    Args:
        config: of the agent.
        body: a discrete one.
        observation: any, for its size.
        folder: of the agent: a trunk of its own is made there once.
        texts: from which the vocabulary of that trunk is learnt.
        seen: numbers that the sight gives, where no observation is at hand.

    Raises:
        BadArgument: a model's file is missing, or the body is not discrete.
        MissingExtra: ``transformers`` is not installed.
        OutOfMemory: a model does not fit.
    """
    if body.kind != "discrete":
        raise BadArgument(f"LLaRP chooses among actions; '{body.id}' is {body.kind}")
    loading = msgspec.structs.replace(config.loading, device=device_of(config.loading.device))
    reader = Reader(config.reader, loading.device) if config.reader else None
    backbone: Backbone | None = None
    if config.trunk == "transformer":
        if not loading.model:
            path = own_trunk(folder, config.small, [*texts, *phrases_of(body)])
            loading = msgspec.structs.replace(loading, model=str(path))
        backbone = load_backbone(loading)
    sight = Sight(config.senses, config.vision, loading.device, DTYPES[loading.dtype])
    size = int(sight.look([observation]).shape[1]) if seen is None else seen
    network = LlarpNetwork(config, backbone, reader, body, size).to(loading.device)
    if network.vocation is not None:
        network.vocation.to(network.device)
    return Parts(network, sight, reader, body, size)


def identity_of(config: LlarpConfig, parts: Parts) -> dict[str, Any]:
    """Which agent it is, as plain JSON: what another may not be gone on with or loaded into."""
    network, vocation = parts.network, parts.network.vocation
    models = {
        "trunk": network.backbone.fingerprint if network.backbone and config.loading.model else "",
        "reader": parts.reader.fingerprint if parts.reader else "",
        "vision": parts.sight.fingerprint,
    }
    words = [] if vocation is None else [list(one) for one in vocation.adapter.sequences]
    where = ("device", "checkpointing")  # Where it is trained does not make it another agent.
    plain = json.loads(msgspec.json.encode(config))
    for name in where:
        del plain["loading"][name]
    for name in ("evaluate_every", "evaluate_episodes", "save_every", "steps"):
        del plain[name]
    return {
        "kind": "llarp",
        "config": plain,
        "embodiment": json.loads(msgspec.json.encode(parts.body)),
        "adapter": config.adapter,
        "adapter_sha256": digest_of({"adapter": config.adapter, "words": words}),
        "models": models,
        "seen": parts.seen,
    }
