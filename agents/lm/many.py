"""Several processes that learn one set of weights, as ``torchrun`` or ``accelerate`` start them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..device import demand_device


def world_size() -> int:
    """How many processes learn together; joins them where a launcher has started several."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return count


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


@contextlib.contextmanager
def first_one_first() -> Iterator[None]:
    """The first process goes through alone, and then all others: what it makes, they find."""
    if rank() > 0 and world_size() > 1:
        torch.distributed.barrier()
    yield
    if rank() == 0 and world_size() > 1:
        torch.distributed.barrier()


def share(tensors: Iterable[Tensor]) -> None:
    """Gives every process the first one's numbers; they are drawn alike, but on other machines."""
    if world_size() > 1:
        for one in tensors:
            torch.distributed.broadcast(one.detach(), 0)


def leave() -> None:
    """Takes leave of the other processes, where there are some."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def dice_of(seed: int, state: Any = None, step: int = 0) -> np.random.Generator:
    """This process's dice, as they stood or as they begin.

    Args:
        seed: of the training.
        state: as the first process left it; the others' are not kept, and begin anew by the step.
        step: updates done.
    """
    if state is None or rank() > 0:
        return np.random.default_rng([seed, rank(), step])
    dice = np.random.default_rng()
    dice.bit_generator.state = state
    return dice


def device_of(wanted: str) -> str:
    """``cuda`` is each process's own.

    Raises:
        BadArgument: there is no such device here.
    """
    if wanted == "cuda" and world_size() > 1:
        wanted = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    demand_device(wanted)
    return wanted


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """The mean of every gradient over the processes; nothing where there is one."""
    if world_size() == 1:
        return
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        torch.distributed.all_reduce(parameter.grad)
        parameter.grad /= world_size()
