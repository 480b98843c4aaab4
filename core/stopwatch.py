"""How long this process has been drawing: where an episode's time goes is told with it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


class Stopwatch:
    """Adds up the time spent in what it counts; what is called within is not counted twice.

    Attributes:
        seconds: so far [s].
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def counts(self, function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        """A decorator: the time in this function counts."""

        @functools.wraps(function)
        def counted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
            begun = time.perf_counter()
            self._depth += 1
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - begun

        return counted


RENDERING = Stopwatch()
"""Of pictures. Games that draw while they step cannot tell the two apart, and have none here."""
