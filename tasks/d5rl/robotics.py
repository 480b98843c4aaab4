"""The package ``gymnasium_robotics``, which brings the kitchens and the Adroit hand."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from ...core.errors import MissingExtra


def load_robotics(world: str) -> Any:
    """Imports it without its notice about other environments.

    Args:
        world: what needs it, for the error.

    Raises:
        MissingExtra: it is not installed.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """
    from ..rendering import prepare

    prepare()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            import gymnasium_robotics
    except ModuleNotFoundError as error:
        raise MissingExtra(world, "d5rl", error.name or "gymnasium_robotics") from error
    return gymnasium_robotics
