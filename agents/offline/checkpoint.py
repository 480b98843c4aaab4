"""A training's whole state on disk: networks, optimisers and all dice, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch

from ...core.errors import BadArgument, UnknownName
from ...core.specs import Embodiment
from ..storage import DICE, below, optimiser_arrays, read_state, restore_optimiser, write_state
from . import LEARNERS
from .learner import Learner, configured
from .practice import Standing
from .transition import Frame

FORMAT = 2
"""Version of the layout; it rises whenever an older reader would misunderstand."""

READABLE = (1, 2)
"""Versions that are read: the first knew neither tasks nor practice."""

RANDOM = "random/torch"
"""Where the state of torch's generator lies among the arrays."""

PRACTICE = "practice"
"""Where those of the learner's own play lie."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What one training is, from its first step to its last.

    Attributes:
        learner: the algorithm's name.
        config: its hyper-parameters, whole.
        embodiment: the body whose actions were learnt.
        observation_size: numbers in the observation ``state``.
        steps: updates that are planned.
        offline: how many of these are on the recorded episodes alone.
        seed: of networks, batches, noise and practice.
        dataset: SHA-256 of what was learnt from.
        task: the id of what it plays.
    """

    learner: str
    config: Mapping[str, Any]
    embodiment: Embodiment
    observation_size: int
    steps: int
    offline: int = 0
    seed: int
    dataset: str
    task: str = ""


class Checkpoint(NamedTuple):
    """What was read: the training, its learner, how far it is, and its dice.

    Attributes:
        identity: which training it is of.
        learner: with its state of then.
        frame: the scales of its numbers.
        step: updates done.
        dice: the state of the batches' generator.
        random: the state of torch's generator.
        digest: SHA-256 of the arrays.
        standing: of its own play, where it has begun.
    """

    identity: Identity
    learner: Learner
    frame: Frame
    step: int
    dice: Mapping[str, Any]
    random: torch.Tensor
    digest: str
    standing: Standing | None


def make_learner(identity: Identity) -> Learner:
    """A new learner of that kind and size; its weights come from torch's generator as it stands.

    Raises:
        UnknownName: no algorithm of that name.
        BadArgument: a hyper-parameter that it does not have.
    """
    if identity.learner not in LEARNERS:
        raise UnknownName("learner", identity.learner, LEARNERS)
    kind = LEARNERS[identity.learner]
    made: Learner = kind(
        configured(kind.kind, identity.config),
        identity.observation_size,
        len(identity.embodiment.low),
        identity.steps,
    )
    return made


def save_checkpoint(
    folder: Path,
    identity: Identity,
    learner: Learner,
    frame: Frame,
    step: int,
    dice: Any,
    standing: Standing | None = None,
) -> str:
    """Writes the state after so many updates, and removes the one before.

    Args:
        folder: must exist.
        identity: which training this is.
        learner: networks and optimisers.
        frame: the scales of its numbers.
        step: updates done.
        dice: the generator of the batches.
        standing: of its own play.

    Returns:
        SHA-256 of the arrays.

    Raises:
        RunDirectoryError: the disk refused; what was there stays.
    """
    arrays, groups = _flattened(learner)
    arrays[RANDOM] = torch.get_rng_state()
    for name, array in zip(Frame._fields, frame, strict=True):
        arrays[f"frame/{name}"] = torch.from_numpy(np.ascontiguousarray(array))
    practice: dict[str, Any] | None = None
    if standing is not None:
        practice = {"episodes": standing.episodes, "files": list(standing.files)}
        arrays |= {f"{PRACTICE}/{name}": value for name, value in standing.arrays.items()}
    document: dict[str, Any] = {
        "format": FORMAT,
        "identity": msgspec.to_builtins(identity),
        "step": step,
        DICE: dice.bit_generator.state,
        "optimisers": groups,
        "practice": practice,
    }
    return write_state(folder, document, arrays)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Reads what ``save_checkpoint`` wrote, or says why it cannot be trusted.

    Raises:
        BadArgument: a file is missing or damaged, or of a newer version.
        UnknownName: its algorithm is not registered here.
    """
    document, arrays, digest = read_state(folder, READABLE)
    identity = msgspec.convert(document["identity"], Identity)
    learner = make_learner(identity)
    # What an algorithm has been taught since has its default, and so the training can go on.
    config = msgspec.to_builtins(learner.config)
    identity = msgspec.structs.replace(identity, config=config)
    _restore(learner, arrays, document["optimisers"], folder)
    frame = Frame(*(arrays[f"frame/{name}"].numpy() for name in Frame._fields))
    return Checkpoint(
        identity, learner, frame, document["step"], document[DICE], arrays[RANDOM], digest,
        _standing(document.get("practice"), arrays),
    )  # fmt: skip


def _standing(practice: Any, arrays: Mapping[str, torch.Tensor]) -> Standing | None:
    if practice is None:
        return None
    own = below(arrays, PRACTICE)
    return Standing(practice["episodes"], tuple(practice["files"]), own)


def _flattened(learner: Learner) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Every array of a learner by name, and the settings of its optimisers."""
    arrays = {
        f"modules/{name}/{key}": value
        for name, module in learner.modules.items()
        for key, value in module.state_dict().items()
    }
    groups = {}
    for name, optimiser in learner.optimisers.items():
        groups[name] = optimiser.state_dict()["param_groups"]
        for key, value in optimiser_arrays(optimiser).items():
            arrays[f"optimisers/{name}/{key}"] = value
    return arrays, groups


def _restore(
    learner: Learner, arrays: Mapping[str, torch.Tensor], groups: Mapping[str, Any], folder: Path
) -> None:
    try:
        for name, module in learner.modules.items():
            module.load_state_dict(below(arrays, f"modules/{name}"))
        for name, optimiser in learner.optimisers.items():
            restore_optimiser(optimiser, below(arrays, f"optimisers/{name}"), groups[name])
    except (RuntimeError, KeyError, ValueError) as error:
        raise BadArgument(
            f"{folder} was made by another version of '{type(learner).__name__}': {error}"
        ) from error
