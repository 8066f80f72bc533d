"""One open transaction: literal SQL in, the room's own row types out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, LiteralString, TypeVar

from psycopg import AsyncConnection, AsyncCopy
from psycopg.rows import class_row, scalar_row

Row = TypeVar("Row")


class Transaction:
    """What a store function works with. Parameters are named: `%(user_id)s`.

    Row types are dataclasses whose fields are the selected columns; a missing or extra column fails at once.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    async def run(self, sql: LiteralString, **params: Any) -> int:
        """Execute and return the number of rows that changed."""
        return (await self.connection.execute(sql, params)).rowcount

    async def run_many(self, sql: LiteralString, rows: list[dict[str, Any]]) -> None:
        async with self.connection.cursor() as cursor:
            await cursor.executemany(sql, rows)

    async def one(self, kind: type[Row], sql: LiteralString, **params: Any) -> Row:
        """Exactly one row; none is a programming error, a possible absence is `maybe`."""
        row = await self.maybe(kind, sql, **params)
        if row is None:
            raise LookupError(f"no {kind.__name__} where one was promised")
        return row

    async def maybe(self, kind: type[Row], sql: LiteralString, **params: Any) -> Row | None:
        async with self.connection.cursor(row_factory=class_row(kind)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def all(self, kind: type[Row], sql: LiteralString, **params: Any) -> list[Row]:
        async with self.connection.cursor(row_factory=class_row(kind)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def value(self, sql: LiteralString, **params: Any) -> Any:
        """The single column of the first row, or None."""
        async with self.connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def values(self, sql: LiteralString, **params: Any) -> list[Any]:
        async with self.connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def stream(
        self, kind: type[Row], sql: LiteralString, *, size: int = 500, **params: Any
    ) -> AsyncIterator[Row]:
        """Rows one by one from a server-side cursor, in constant memory."""
        name = f"stream_{id(sql):x}"
        async with self.connection.cursor(name, row_factory=class_row(kind)) as cursor:
            cursor.itersize = size
            await cursor.execute(sql, params)
            async for row in cursor:
                yield row

    def copy(self, sql: LiteralString) -> Any:
        """A COPY in or out. Drain a COPY TO to its end: leaving it early kills the connection."""
        return self.connection.cursor().copy(sql)


__all__ = ["AsyncCopy", "Transaction"]
