"""The one thread that touches the agent: calls are made in order, and never two at once.

Not an executor of the standard library: those are joined when the process ends, and an agent that
hangs must not keep its server from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class Hand:
    """Calls the agent, beside the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waited: set[asyncio.Future[Any]] = set()
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="agent", daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[], Result]) -> Result:
        """What a function returns, or raises, in the agent's thread."""
        future: asyncio.Future[Result] = self._loop.create_future()

        def tell(result: Any, error: BaseException | None) -> None:
            if future.done():
                return  # Nobody waits any more.
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._waited.add(future)
        self.ask(function, tell)
        try:
            return await future
        finally:
            self._waited.discard(future)

    def ask(
        self,
        function: Callable[[], Result],
        tell: Callable[[Result | None, BaseException | None], None],
    ) -> None:
        """Calls a function in the agent's thread, and tells what it returned or raised.

        Args:
            function: is called there.
            tell: is called in the event loop, with the result or the error.
        """

        def work() -> None:
            try:
                told: tuple[Any, BaseException | None] = (function(), None)
            except BaseException as error:
                told = (None, _carried(error))
            with contextlib.suppress(RuntimeError):  # The loop is closed: it has ended without us.
                self._loop.call_soon_threadsafe(tell, *told)

        self._calls.put(work)

    def close(self) -> None:
        """No further calls; one that is being made is left to itself, and nobody waits for it."""
        self._calls.put(None)
        for future in list(self._waited):
            future.cancel()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _carried(error: BaseException) -> BaseException:
    """An exception that a future can carry: one that ends loops, or iterations, is wrapped."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped
