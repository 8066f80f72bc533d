"""The pool and the three ways into a transaction: for one customer, for several, outside all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from aidecamp.actor import Actor
from aidecamp.db.connecting import Connection
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Unavailable

log = structlog.get_logger()

CHECKOUT_SECONDS = 5.0


class Database:
    """Connections of the serving role. No transaction may wait for the network or for a person.

    What the database does not take, now or in time, is `Unavailable`; the transaction is rolled back.
    """

    def __init__(self, url: str, *, max_size: int = 10) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=Connection,
            min_size=1,
            max_size=max_size,
            open=False,
            timeout=CHECKOUT_SECONDS,
            max_waiting=1000,
            check=AsyncConnectionPool.check_connection,
            kwargs={"application_name": "aidecamp"},
            name="serving",
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def customer(self, actor: Actor) -> AsyncIterator[Transaction]:
        """A transaction that sees and changes this actor's customer only (row-level security)."""
        async with self.of(actor.customer_id) as tx:
            yield tx

    @asynccontextmanager
    async def of(self, customer_id: UUID) -> AsyncIterator[Transaction]:
        """The same by id, for sign-in and sweepers, where no actor exists yet."""
        async with self._transaction() as connection:
            await enter(connection, customer_id)
            yield Transaction(connection)

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[Transaction]:
        """A transaction without a customer: it sees only the reviewed tables (directory, due, …)."""
        async with self._transaction() as connection:
            yield Transaction(connection)

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """One pipelined transaction for statements of several customers, see `Batch`."""
        async with self._transaction() as connection, connection.pipeline():
            yield Batch(connection)

    async def ping(self) -> None:
        """Raise `Unavailable` unless a statement gets an answer."""
        async with self._transaction() as connection:
            await connection.execute("select 1")

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection[Any]]:
        try:
            connection = await self._pool.getconn()
        except (PoolTimeout, PoolClosed, TooManyRequests, psycopg.OperationalError) as error:
            raise Unavailable("The database can't be reached right now; nothing was changed.") from error
        try:
            async with connection.transaction():
                await connection.limit()
                yield connection
        except asyncio.CancelledError:
            # A cancelled statement may leave its answer on the wire for the next user of the connection.
            await connection.close()
            raise
        except psycopg.OperationalError as error:
            # A lock or a statement that took too long, a deadlock, a connection that broke.
            log.warning("db.gave_up", error=type(error).__name__)
            raise Unavailable("The database did not answer in time.") from error
        finally:
            await self._pool.putconn(connection)


class Batch:
    """Statements of several customers in one round trip; `of` switches the customer before each group."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def of(self, customer_id: UUID) -> Transaction:
        await enter(self._connection, customer_id)
        return Transaction(self._connection)


async def enter(connection: AsyncConnection[Any], customer_id: UUID) -> None:
    await connection.execute("select set_config('app.customer', %s, true)", (str(customer_id),))
