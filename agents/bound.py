"""Numbers that settings may be: what is outside is refused when a configuration is made."""

from __future__ import annotations

from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""From 0 to 1."""

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e12)]
"""Above 0, and finite."""

Weight = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""0 or more, and finite."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
"""At least 1; what is more than the most would not end, or not fit into any memory."""

Whole = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
"""0 or more."""

Length = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000_000)]
"""Of a training, in steps: at least 1."""
