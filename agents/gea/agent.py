"""The parts of an agent put together, and which agent that makes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...adapters.tokenizer import MultiEmbodimentTokenizer
from ...core.errors import BadArgument
from ...core.specs import Embodiment
from ..lm.backbone import load_backbone
from ..lm.many import device_of
from ..lm.small import own_trunk
from .config import GeaConfig
from .network import GeaNetwork
from .prompt import digest as prompt_digest
from .prompt import prompt_of
from .sequence import Scribe
from .tongue import FOLDER, Tongue, plain_bodies


class Parts(NamedTuple):
    """Everything that plays.

    Attributes:
        network: what learns, on its device.
        tongue: what every body says.
        scribe: writes episodes down.
        states: numbers of each body's state, where it is seen.
        fields: what of each body is seen.
        trunk: the fingerprint of the model it began from.
    """

    network: GeaNetwork
    tongue: Tongue
    scribe: Scribe
    states: dict[str, int]
    fields: dict[str, tuple[str, ...]]
    trunk: str


def assemble(
    config: GeaConfig,
    bodies: Iterable[Embodiment],
    states: Mapping[str, int],
    fields: Mapping[str, tuple[str, ...]],
    tokenizer: MultiEmbodimentTokenizer | None,
    folder: Path,
    texts: Iterable[str] = (),
) -> Parts:
    """An agent with new weights where they are not read; all dice are torch's as they stand.

    Args:
        config: of the agent.
        bodies: that it speaks for.
        states: numbers of each body's state, where it is seen.
        fields: what of each body is seen.
        tokenizer: the fitted quantiser, where the dialect has one.
        folder: of the agent: a model of its own is made there once.
        texts: instructions from which the vocabulary of that model is learnt.

    Raises:
        BadArgument: a model's file is missing, it is blind, or bodies do not fit.
        MissingExtra: a package is not installed.
        OutOfMemory: the model does not fit.
    """
    bodies = list(bodies)
    loading = config.loading
    if not loading.model:
        told = list(texts)
        words = [prompt_of(body, text) for body in bodies for text in told[:200] or [""]]
        path = own_trunk(folder, config.small, [*told, *words])
        loading = msgspec.structs.replace(loading, model=str(path))
    loading = msgspec.structs.replace(loading, device=device_of(loading.device))
    # How many tokens are to be added is known only when the model's own have been counted.
    backbone = load_backbone(loading)
    tongue = Tongue(bodies, backbone.tokenizer, backbone.base_size, config, tokenizer)
    backbone.add_rows(tongue.extra)
    tongue.to(backbone.device)
    network = GeaNetwork(config, backbone, tongue, states).to(backbone.device)
    scribe = Scribe(tongue, backbone.tokenizer, config.image_tokens, fields)
    return Parts(network, tongue, scribe, dict(states), dict(fields), backbone.fingerprint)


def identity_of(config: GeaConfig, parts: Parts) -> dict[str, Any]:
    """Which agent it is, as plain JSON: what another may not be gone on with or loaded into."""
    plain = json.loads(msgspec.json.encode(config))
    for name in ("device", "checkpointing"):  # Where it is trained makes no other agent.
        del plain["loading"][name]
    for name in ("save_every", "log_every", "evaluate_every", "evaluate_episodes"):
        del plain[name]
    return {
        "kind": "gea",
        "config": plain,
        "bodies": plain_bodies(parts.tongue.bodies),
        "states": parts.states,
        "fields": {name: list(one) for name, one in parts.fields.items()},
        "adapter": config.dialect,
        "adapter_sha256": parts.tongue.digest(),
        "prompt_sha256": prompt_digest(),
        "trunk": parts.trunk if config.loading.model else "",
    }


def rebuild(
    identity: Mapping[str, Any], folder: Path, changes: Mapping[str, Any] | None = None
) -> tuple[GeaConfig, Parts]:
    """The parts of an agent that has been saved, weights not yet put back.

    Args:
        identity: as it was saved.
        folder: of the agent.
        changes: settings of ``loading`` that may differ, e.g. ``device``.

    Raises:
        BadArgument: its tokenizer, words, prompt or model are no longer those it was trained with.
    """
    plain = dict(identity["config"])
    plain["loading"] = {**plain["loading"], **(changes or {})}
    config = msgspec.convert(plain, GeaConfig)
    bodies = msgspec.convert(identity["bodies"], list[Embodiment])
    tokenizer = None
    if (folder / FOLDER).is_dir():
        tokenizer = MultiEmbodimentTokenizer.load(folder / FOLDER)
    elif config.dialect in ("rvq", "vq") and any(one.kind == "continuous" for one in bodies):
        raise BadArgument(
            f"{folder} lacks its tokenizer, the folder {FOLDER}: copy the whole agent"
        )
    fields = {name: tuple(one) for name, one in identity["fields"].items()}
    parts = assemble(config, bodies, identity["states"], fields, tokenizer, folder)
    mine = identity_of(config, parts)
    for part, what in (
        ("adapter_sha256", "tokenizer or words of its actions"),
        ("prompt_sha256", "words of its prompt"),
        ("trunk", "model that it began from"),
    ):
        if mine[part] != identity[part]:
            raise BadArgument(
                f"{folder} was trained with other {what} ({identity[part]!s:.12}, now "
                f"{mine[part]!s:.12}): put back what it was trained with"
            )
    return config, parts


def sizes_of(states: Mapping[str, NDArray[np.float32]]) -> dict[str, int]:
    """Numbers of each body's state."""
    return {name: int(rows.shape[1]) for name, rows in states.items()}
