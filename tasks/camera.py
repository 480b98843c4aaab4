"""A camera in a MuJoCo world, which costs nothing until somebody looks through it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rendering import Renderer, select_backend


class Camera:
    """Opens what draws with the first picture: a context is dear, and most agents never look.

    Args:
        size: height and width of the pictures [px].
        profile: a name in ``rendering.PROFILES``.
        name: of one of the model's cameras.
        wanted: whether anybody will ever look.
        half_turn: turn the pictures by 180 degrees, for cameras that hang upside down.
    """

    def __init__(
        self,
        size: tuple[int, int],
        profile: str,
        name: str | int,
        *,
        wanted: bool,
        half_turn: bool = False,
    ) -> None:
        self._size, self._profile, self._name = size, profile, name
        self._wanted, self._half_turn = wanted, half_turn
        self._renderer: Renderer | None = None

    @property
    def info(self) -> dict[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        if self._renderer is not None:
            return dict(self._renderer.info)
        if not self._wanted:
            return {"backend": "none"}
        return {"backend": select_backend(), "profile": self._profile}

    def draw(self, model: Any, data: Any) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]`.

        Args:
            model: a ``mujoco.MjModel``; the same until ``close``.
            data: its ``mujoco.MjData``.

        Raises:
            RenderingUnavailable: no backend opens.
        """
        if self._renderer is None:
            self._renderer = Renderer(
                model, *self._size, self._profile, self._name, self._half_turn
            )
        return self._renderer.render(data)

    def close(self) -> None:
        """Frees what draws; may be called twice. The next picture opens it anew."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
