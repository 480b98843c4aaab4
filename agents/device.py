"""What networks compute on."""

from __future__ import annotations

import torch

from ..core.errors import BadArgument


def demand_device(name: str) -> torch.device:
    """The device of a name, e.g. ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        BadArgument: there is none of that name on this machine; says why, and which there are.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # A name alone would promise what is not there.
    except (RuntimeError, AssertionError, ImportError) as error:
        said = (str(error).strip() or repr(error)).splitlines()[0]
        raise BadArgument(
            f"torch cannot compute on the device '{name}' here ({said:.120}); it can on "
            + ", ".join(_devices())
        ) from error
    return device


def _devices() -> list[str]:
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]
