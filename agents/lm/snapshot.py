"""A training's whole state on disk: weights, optimisers, dice, and what else belongs to it.

Every bit of state is there: what goes on from it goes on to the same bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ...core.errors import BadArgument, PlanMismatch
from ...core.files import sweep
from .. import storage
from ..storage import DICE, FILE_NAME, below, optimiser_arrays, read_state, write_state

FORMAT = 1
"""Version of the layout."""

RANDOM = "random/torch"


class Snapshot(NamedTuple):
    """What was read.

    Attributes:
        identity: which training it is of, as plain JSON.
        step: updates done.
        arrays: by name.
        optimisers: their settings, by name.
        dice: states of NumPy's generators, by name.
        rest: what else was to be kept, as plain JSON.
        digest: SHA-256 of the arrays.
    """

    identity: dict[str, Any]
    step: int
    arrays: dict[str, Tensor]
    optimisers: dict[str, Any]
    dice: dict[str, Any]
    rest: dict[str, Any]
    digest: str

    def under(self, room: str) -> dict[str, Tensor]:
        """The arrays whose names begin so, without that beginning."""
        return below(self.arrays, room)


def digest_of_weights(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and single-precision values: another bit, another agent."""
    digest = hashlib.sha256()
    for name, one in sorted(weights.items()):
        digest.update(f"{name}\0{tuple(one.shape)}\0".encode())
        digest.update(one.detach().float().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def save_snapshot(
    folder: Path,
    identity: Mapping[str, Any],
    step: int,
    modules: Mapping[str, Mapping[str, Tensor]],
    optimisers: Mapping[str, torch.optim.Optimizer] | None = None,
    dice: Mapping[str, np.random.Generator] | None = None,
    rest: Mapping[str, Any] | None = None,
    arrays: Mapping[str, Tensor] | None = None,
) -> str:
    """Writes the state after so many updates, and removes the one before.

    Args:
        folder: made if need be.
        identity: which training this is; plain JSON with a ``kind``.
        step: updates done.
        modules: what is learnt: of each module its tensors by name.
        optimisers: by name; left out of what is only to be played.
        dice: generators by name.
        rest: plain JSON that belongs to it.
        arrays: tensors that belong to it, such as what a rollout has half done.

    Returns:
        SHA-256 of the arrays.

    Raises:
        RunDirectoryError: the disk refused; what was there stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = {f"extra/{name}": one for name, one in (arrays or {}).items()}
    for room, tensors in modules.items():
        whole |= {f"modules/{room}/{name}": one for name, one in tensors.items()}
    groups = {}
    for name, optimiser in (optimisers or {}).items():
        groups[name] = optimiser.state_dict()["param_groups"]
        for key, value in optimiser_arrays(optimiser).items():
            whole[f"optimisers/{name}/{key}"] = value
    whole[RANDOM] = torch.get_rng_state()
    document: dict[str, Any] = {
        "format": FORMAT,
        "kind": identity["kind"],
        "identity": dict(identity),
        "step": step,
        "optimisers": groups,
        DICE: {name: one.bit_generator.state for name, one in (dice or {}).items()},
        "rest": dict(rest or {}),
    }
    # Tied weights share their memory, which safetensors refuses: each is written for itself.
    packed = {name: one.detach().cpu().contiguous().clone() for name, one in whole.items()}
    return write_state(folder, document, packed)


def load_snapshot(folder: Path, kind: str | None = None) -> Snapshot:
    """Reads what ``save_snapshot`` wrote, or says why it cannot be trusted.

    Args:
        folder: where it was saved.
        kind: of agent that is expected there.

    Raises:
        BadArgument: a file is missing or damaged, or of another version or kind.
    """
    document, arrays, digest = read_state(folder, (FORMAT,))
    if kind is not None and document.get("kind") != kind:
        raise BadArgument(f"{folder} holds an agent of kind '{document.get('kind')}', not '{kind}'")
    return Snapshot(
        document["identity"], document["step"], dict(arrays), document["optimisers"],
        document[DICE], document["rest"], digest,
    )  # fmt: skip


def is_snapshot(folder: Path) -> bool:
    """Whether a training has left its state there; sweeps up what a kill left half written."""
    if folder.is_dir():
        sweep(folder)
    return (folder / FILE_NAME).is_file()


def check_identity(found: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> None:
    """Refuses to go on with another training.

    Raises:
        PlanMismatch: any part differs; says which, as found there.
    """
    differing = [
        name
        for name in sorted({*found, *asked})
        if found.get(name) != json.loads(json.dumps(asked.get(name)))
    ]
    if differing:
        told = "; ".join(f"{name} {found.get(name)!s:.60}" for name in differing)
        raise PlanMismatch(f"{folder} holds another training: {told}. Use another --out.")


def restore_modules(module: nn.Module, tensors: Mapping[str, Tensor], where: Path) -> None:
    """Puts tensors back into what they were taken from.

    Raises:
        BadArgument: one is missing, too many, or of another shape.
    """
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    foreign = sorted(set(tensors) - set(own))
    if foreign:
        raise BadArgument(f"{where} holds '{foreign[0]}', which this model does not have")
    with torch.no_grad():
        for name, tensor in tensors.items():
            if own[name].shape != tensor.shape:
                raise BadArgument(
                    f"{where}: '{name}' has the shape {list(tensor.shape)}, this model's has "
                    f"{list(own[name].shape)}: it was trained with another configuration"
                )
            own[name].copy_(tensor)


def restore_optimiser(optimiser: torch.optim.Optimizer, snapshot: Snapshot, name: str) -> None:
    """Puts an optimiser's state back."""
    own = snapshot.under(f"optimisers/{name}")
    storage.restore_optimiser(optimiser, own, snapshot.optimisers[name])
