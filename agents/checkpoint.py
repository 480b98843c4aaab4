"""What a training that perceives keeps on disk: which it is, its weights, the scale of its states.

Those of the offline learners are older and have a layout of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from ..core.errors import BadArgument, PlanMismatch
from ..core.specs import Embodiment, canonical_json
from .offline.learner import configured
from .perception import Senses
from .storage import DICE, below, read_state, write_state

FORMAT = 1
"""Version of the layout; it rises whenever an older reader would misunderstand."""

POLICY, SCALE = "policy", "scale"
"""Where networks, and mean and variance of the states, lie among the arrays."""

EPSILON, CLIP = 1e-8, 10.0
"""Of ``VecNormalize`` in Stable-Baselines3: added to variances, and where states are cut."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What one training is, from its first step to its last.

    Attributes:
        agent: the learner's name.
        config: its hyper-parameters, whole.
        task: the id of what it plays.
        embodiment: the body whose actions are learnt.
        action_space: as data.
        senses: what is seen and how it is read.
        steps: that are planned, of all worlds together.
        seed: of networks, batches, exploration and worlds.
        dataset: SHA-256 of what is learnt from, if that is recorded.
        backend: of the worlds that are played in, if any: ``gymnasium`` or ``envpool``.
        differences: in what the worlds of that backend are not the task's own.
    """

    agent: str
    config: Mapping[str, Any]
    task: str
    embodiment: Embodiment
    action_space: Mapping[str, Any]
    senses: Senses
    steps: int
    seed: int
    dataset: str = ""
    backend: str = ""
    differences: tuple[str, ...] = ()


class Scale(NamedTuple):
    """Mean and variance of measured states, `[D]`; of symbols there are none."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    def apply(self, state: NDArray[np.float32]) -> NDArray[np.float32]:
        """A state as the networks learnt from it."""
        scaled = (state - self.mean) / np.sqrt(self.variance + EPSILON)
        return np.clip(scaled, -CLIP, CLIP).astype(np.float32)


class Checkpoint(NamedTuple):
    """What was read.

    Attributes:
        identity: which training it is of.
        config: its hyper-parameters.
        step: steps done.
        weights: of the policy.
        scale: of the states, or None.
        arrays: all that lies there.
        facts: what else is needed to go on; empty where it is only to be played.
    """

    identity: Identity
    config: Any
    step: int
    weights: dict[str, torch.Tensor]
    scale: Scale | None
    arrays: Mapping[str, torch.Tensor]
    facts: Mapping[str, Any]


def save_checkpoint(
    folder: Path,
    kind: str,
    identity: Identity,
    step: int,
    weights: Mapping[str, torch.Tensor],
    scale: Scale | None,
    arrays: Mapping[str, torch.Tensor] | None = None,
    facts: Mapping[str, Any] | None = None,
    dice: np.random.Generator | None = None,
) -> None:
    """Writes a checkpoint, and removes the one before.

    Args:
        folder: must exist.
        kind: of agent that plays it, as in ``cli/trained.py``.
        identity: which training it is of.
        step: steps done.
        weights: of the policy.
        scale: of the states, or None.
        arrays: what else is needed to go on, by name; none where it is only to be played.
        facts: the same that is no array.
        dice: of the batches, where they are to be gone on with.

    Raises:
        RunDirectoryError: the disk refused; what was there stays.
    """
    whole = {f"{POLICY}/{name}": one.clone() for name, one in weights.items()} | dict(arrays or {})
    if scale is not None:
        whole[f"{SCALE}/mean"] = torch.from_numpy(scale.mean)
        whole[f"{SCALE}/variance"] = torch.from_numpy(scale.variance)
    document = {
        "format": FORMAT,
        "kind": kind,
        "identity": msgspec.to_builtins(identity),
        "step": step,
        "facts": dict(facts or {}),
        **({} if dice is None else {DICE: dice.bit_generator.state}),
    }
    write_state(folder, document, whole)


def load_checkpoint(folder: Path, configs: Mapping[str, type[msgspec.Struct]]) -> Checkpoint:
    """Reads a checkpoint.

    Args:
        folder: of the checkpoint.
        configs: by learner, what its hyper-parameters are.

    Raises:
        BadArgument: a file is missing or damaged, or of a newer version.
    """
    stored = read_state(folder, (FORMAT,))
    try:
        identity = msgspec.convert(stored.document["identity"], Identity)
        config = configured(configs[identity.agent], identity.config)
        step, facts = int(stored.document["step"]), dict(stored.document["facts"])
        facts[DICE] = stored.document.get(DICE)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise BadArgument(
            f"{folder} holds no training of {' or '.join(configs)}: {error}"
        ) from error
    weights = below(stored.arrays, POLICY)
    scale = below(stored.arrays, SCALE)
    learnt = Scale(scale["mean"].numpy(), scale["variance"].numpy()) if scale else None
    return Checkpoint(identity, config, step, weights, learnt, stored.arrays, facts)


def demand_same(folder: Path, found: msgspec.Struct, wanted: msgspec.Struct) -> None:
    """Refuses to go on with another training.

    Args:
        folder: where it lies, for the message.
        found: the identity of what lies there.
        wanted: that of what is asked for.

    Raises:
        PlanMismatch: the folder holds another; says in what.
    """
    have, want = (_flat(msgspec.to_builtins(one)) for one in (found, wanted))
    differing = [
        name for name in have if canonical_json(have[name]) != canonical_json(want.get(name))
    ]
    if differing:
        raise PlanMismatch(
            f"{folder} holds another training: "
            + "; ".join(f"{name} {have[name]!s:.60}" for name in differing)
            + ". Use another --out."
        )


def _flat(identity: dict[str, Any]) -> dict[str, Any]:
    """Its fields, and the hyper-parameters by themselves."""
    config: dict[str, Any] = identity.pop("config")
    return {**identity, **config}


def digest_of_learnt(
    weights: Mapping[str, torch.Tensor], scale: Iterable[NDArray[Any]] | None
) -> str:
    """SHA-256 of weights in their order, and of the arrays by which numbers are scaled."""
    digest = hashlib.sha256()
    for name, value in weights.items():
        digest.update(f"{name}\0{tuple(value.shape)}\0".encode())
        digest.update(value.cpu().contiguous().numpy().data)
    for array in scale or ():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
