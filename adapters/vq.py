"""Vector quantisation of one body's actions: one token of 512 for a whole action.

As in "Grounding MLLMs in Actions", table 3: one codebook where ``rvq`` has two, all else alike.
"""

from __future__ import annotations

from typing import ClassVar

from .rvq import RvqAdapter


class VqAdapter(RvqAdapter):
    """Speaks a continuous body's actions in codes `[..., 1]` of a single codebook."""

    name: ClassVar[str] = "vq"
    levels: ClassVar[int] = 1
