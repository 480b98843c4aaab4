"""What goes wrong while a large model is trained or run, each as one line that says what to do."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import torch

from ...core.errors import PolyathlonError
from .snapshot import is_snapshot


class TrainingFailed(PolyathlonError):
    """A training cannot go on; what it had learnt until then is kept."""

    exit_code = 1


class OutOfMemory(PolyathlonError):
    """A model or its batch does not fit; says what to lower."""

    exit_code = 1


@contextlib.contextmanager
def memory_guard(doing: str, lower: str) -> Iterator[None]:
    """Turns what a device says when it is full into what a user can do about it.

    Args:
        doing: what needs the memory, e.g. ``an update of GEA``.
        lower: the settings whose lowering helps, the most effective first.

    Raises:
        OutOfMemory: the memory did not suffice.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _full(doing, lower, str(error)) from error
    except RuntimeError as error:
        if "DefaultCPUAllocator" not in str(error):
            raise
        raise _full(doing, lower, str(error)) from error
    except MemoryError as error:
        raise _full(doing, lower, "no more memory") from error


def _full(doing: str, lower: str, said: str) -> OutOfMemory:
    found = re.search(r"ried to allocate ([\d.]+ \w+)", said)  # A card's words, or a processor's.
    wanted = found[1] if found else said.splitlines()[0][:80]
    return OutOfMemory(f"{doing} does not fit into memory ({wanted}); lower {lower}")


def check_finite(loss: torch.Tensor, batch: str, folder: Path) -> None:
    """Refuses to step down a gradient that is no number.

    Args:
        loss: of one batch.
        batch: which, in words.
        folder: of the training, which keeps its last snapshot.

    Raises:
        TrainingFailed: the loss is NaN or infinite.
    """
    if not bool(torch.isfinite(loss).all()):
        value = float(loss.detach().float().mean())
        kept = folder if is_snapshot(folder) else "not yet written"
        raise TrainingFailed(
            f"the loss is {value} in {batch}; nothing was learnt from it. The last good checkpoint "
            f"is {kept}: go on from it with a lower learning rate, or look at that batch"
        )
