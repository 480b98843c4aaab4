"""One thing that was looked at, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the doctor's findings.

    Attributes:
        group: ``machine``, ``family``, ``renderer`` or ``backend`` (what a family may draw with
            instead).
        name: what was looked at.
        state: ``ok``; ``warning`` (works, but may run short); ``absent`` (not installed, which
            is nobody's fault); ``broken`` (installed and does not work).
        detail: what was found, in words.
        remedy: what to type to mend it; empty where nothing is to be mended.
        seconds: how long it took to find out [s].
        values: the findings for machines.
    """

    group: Literal["machine", "family", "renderer", "backend"]
    name: str
    state: Literal["ok", "warning", "absent", "broken"]
    detail: str
    remedy: str = ""
    seconds: float = 0.0
    values: Mapping[str, Any] = {}
