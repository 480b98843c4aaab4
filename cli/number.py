"""Numbers on the command line."""

from __future__ import annotations

import math
from typing import Any

import click


class RealRange(click.FloatRange):
    """A range that NaN, which is neither below nor above anything, is not in."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number, or a usage error that names the range."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number
