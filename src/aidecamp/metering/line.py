"""One connection that a batcher keeps to itself: a pool's hand-over costs a round trip each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection

from aidecamp.db.connecting import Connection
from aidecamp.db.transaction import Transaction

CONNECT_SECONDS = 5
SILENCE_MS = 20_000


class Line:
    """Opened when first needed and again after it broke. For one statement at a time, each its own commit."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AsyncConnection[Any] | None = None

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Transaction]:
        """A place for exactly one statement, committed by itself; after any failure the line is new."""
        if self._connection is None or self._connection.closed:
            self._connection = await Connection.connect(
                self._url,
                autocommit=True,
                application_name=f"aidecamp {self._name}",
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=SILENCE_MS,
            )
        try:
            yield Transaction(self._connection)
        except BaseException:
            # A cancelled or broken statement may leave its answer on the wire for the next one.
            await self.close()
            raise

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                await connection.close()
            except psycopg.Error:
                return
