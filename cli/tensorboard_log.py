"""A training's figures for TensorBoard, where it is installed."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..agents.chronicle import Played
    from ..agents.offline.protocol import Protocol

FOLDER = "tensorboard"
"""Below a training's: ``tensorboard --logdir DIR`` finds it."""

MISSING = "no TensorBoard log: it is not installed; type: pip install 'polyathlon[tensorboard]'"


def is_installed() -> bool:
    """Whether TensorBoard can be written for."""
    return importlib.util.find_spec("tensorboard") is not None


class TensorBoardLog:
    """Writes losses, returns of practice and scores; a context manager.

    What a killed training logged after its checkpoint is marked void when it goes on, so that
    every figure is shown once.

    Args:
        folder: the training's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._opened: Any = None
        self._first = self._offline = 0

    def begun(self, step: int, protocol: Protocol) -> None:
        """What comes after that update is void, should it be there already."""
        self._first, self._offline = step + 1, protocol.offline

    @property
    def _writer(self) -> Any:
        """A file of its own for this start, once there is something to write."""
        if self._opened is None:
            from torch.utils.tensorboard import SummaryWriter

            self._opened = SummaryWriter(str(self._folder), purge_step=self._first)
        return self._opened

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""
        part = "offline" if step <= self._offline else "online"
        for name, value in losses.items():
            tag = "practice/return" if name == "return" else f"{part}/{name}"
            self._writer.add_scalar(tag, value, step)
        self._writer.flush()  # Before the checkpoint: what it covers is never written again.

    def played(self, step: int, played: Played) -> None:
        """An evaluation is done."""
        self._writer.add_scalar("evaluation/score", played.score, step)
        self._writer.add_scalar("evaluation/return", played.mean_return, step)
        self._writer.flush()

    def noted(self, text: str) -> None:
        """There is no place for it."""

    def __enter__(self) -> TensorBoardLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            with contextlib.suppress(OSError):
                self._opened.close()
