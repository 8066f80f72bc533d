"""What arrives while a statement runs becomes the next statement: many callers, one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from aidecamp.errors import Unavailable

log = structlog.get_logger()

In = TypeVar("In")
Out = TypeVar("Out")
Waiting = tuple[In, "asyncio.Future[Out]"]

LARGEST_BATCH = 256


class Gathering(Generic[In, Out]):
    """One batch in flight at a time. `delay` lets a batch grow, where nobody waits for the answer.

    `work` returns one result per item, in order; a result that is an exception is raised to its caller.
    A result whose caller is gone is handed to `orphaned`.
    """

    def __init__(
        self,
        work: Callable[[Sequence[In]], Awaitable[Sequence[Out | Exception]]],
        *,
        delay: float = 0.0,
        orphaned: Callable[[In, Out], None] = lambda _item, _result: None,
    ) -> None:
        self._work = work
        self._delay = delay
        self._orphaned = orphaned
        self._waiting: list[Waiting[In, Out]] = []
        self._running: asyncio.Task[None] | None = None

    def put(self, item: In) -> asyncio.Future[Out]:
        future: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return future

    @property
    def pending(self) -> int:
        return len(self._waiting)

    async def drain(self, seconds: float) -> None:
        """Wait until everything is done, at most so long; what is left then is given up."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running], timeout=seconds)
            if not self._running.done():
                self._running.cancel()
                await asyncio.wait([self._running])

    async def _run(self) -> None:
        while self._waiting:
            if self._delay:
                await asyncio.sleep(self._delay)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                results = await self._work([item for item, _ in batch])
            except Exception as error:
                # The edge of the batch: its callers are told, those behind it get their turn.
                log.exception("batch_broken", waiting=len(batch))
                results = [error] * len(batch)
            except asyncio.CancelledError:
                # Nobody may be left waiting for ever: neither this batch nor those behind it.
                rest, self._waiting = self._waiting, []
                for item, future in [*batch, *rest]:
                    self._deliver(item, future, Unavailable("The ledger was closed."))
                raise
            for (item, future), result in zip(batch, results, strict=True):
                self._deliver(item, future, result)

    def _deliver(self, item: In, future: asyncio.Future[Out], result: Out | Exception) -> None:
        if future.done():
            if not isinstance(result, Exception):
                self._orphaned(item, result)
        elif isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
