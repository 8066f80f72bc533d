"""Files as chunks in PostgreSQL, in and out in constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound, TooLarge

Purpose = Literal["import", "rejects", "export"]

CHUNK_BYTES = 256 * 1024
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class File:
    id: UUID
    name: str
    purpose: str
    bytes: int
    is_complete: bool
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime


COLUMNS = "id, name, purpose, bytes, is_complete, created_by, created_at, expires_at"


class FileWriter:
    """A file being written, a short transaction per chunk: a slow sender holds no connection."""

    def __init__(self, database: Database, actor: Actor, file_id: UUID, limit: int | None) -> None:
        self.id = file_id
        self.bytes = 0
        self._database = database
        self._actor = actor
        self._limit = limit
        self._buffer = bytearray()
        self._position = 0

    async def write(self, data: bytes) -> None:
        self.bytes += len(data)
        if self._limit is not None and self.bytes > self._limit:
            raise TooLarge(
                f"The file is larger than {self._limit // 2**20} MiB.",
                help="Split it, or import it on the server with `aidecamp import`, which knows no limit.",
            )
        self._buffer += data
        while len(self._buffer) >= CHUNK_BYTES:
            await self._flush(CHUNK_BYTES)

    async def finish(self) -> None:
        if self._buffer:
            await self._flush(len(self._buffer))
        async with self._database.customer(self._actor) as tx:
            await complete(tx, self.id, self.bytes)

    async def discard(self) -> None:
        async with self._database.customer(self._actor) as tx:
            await delete(tx, self.id)

    async def _flush(self, size: int) -> None:
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        async with self._database.customer(self._actor) as tx:
            await append(tx, self._actor, self.id, self._position, chunk)
        self._position += 1


async def writer(
    database: Database,
    actor: Actor,
    *,
    name: str,
    purpose: Purpose,
    limit: int | None = None,
    kept: timedelta = KEPT,
) -> FileWriter:
    """Open a new file for writing; it can't be read before `finish`, and goes after `kept`."""
    file_id = new_id()
    async with database.customer(actor) as tx:
        await insert(tx, actor, id=file_id, name=name, purpose=purpose, kept=kept)
    return FileWriter(database, actor, file_id, limit)


async def chunks(database: Database, actor: Actor, file_id: UUID) -> AsyncIterator[bytes]:
    """The bytes of a complete file, a chunk a transaction: a slow reader holds no connection either."""
    position = 0
    while True:
        async with database.customer(actor) as tx:
            data = await chunk(tx, file_id, position)
        if data is None:
            return
        yield data
        position += 1


async def insert(
    tx: Transaction, actor: Actor, *, id: UUID, name: str, purpose: Purpose, kept: timedelta
) -> None:
    await tx.run(
        """
        insert into files (customer_id, id, name, purpose, created_by, expires_at)
        values (%(customer_id)s, %(id)s, %(name)s, %(purpose)s, %(user_id)s, now() + %(kept)s)
        """,
        customer_id=actor.customer_id,
        id=id,
        name=name,
        purpose=purpose,
        user_id=actor.user_id,
        kept=kept,
    )


async def append(tx: Transaction, actor: Actor, file_id: UUID, position: int, data: bytes) -> None:
    await tx.run(
        """
        insert into file_chunks (customer_id, file_id, position, data)
        values (%(customer_id)s, %(file_id)s, %(position)s, %(data)b)
        """,
        customer_id=actor.customer_id,
        file_id=file_id,
        position=position,
        data=data,
    )


async def complete(tx: Transaction, file_id: UUID, size: int) -> None:
    await tx.run(
        "update files set is_complete = true, bytes = %(size)s where id = %(id)s", id=file_id, size=size
    )


async def find(tx: Transaction, file_id: UUID) -> File:
    """A complete file that has not expired, else NotFound."""
    file = await tx.maybe(
        File,
        f"select {COLUMNS} from files where id = %(id)s and is_complete and expires_at > now()",
        id=file_id,
    )
    if file is None:
        raise NotFound("There is no such file, or it has expired.")
    return file


async def chunk(tx: Transaction, file_id: UUID, position: int) -> bytes | None:
    data: bytes | None = await tx.value(
        """
        select c.data from file_chunks c join files f on f.customer_id = c.customer_id and f.id = c.file_id
        where c.file_id = %(file_id)s and c.position = %(position)s and f.is_complete
        """,
        file_id=file_id,
        position=position,
    )
    return data


async def delete(tx: Transaction, file_id: UUID) -> None:
    await tx.run("delete from files where id = %(id)s", id=file_id)


async def sweep(tx: Transaction) -> int:
    """Remove the customer's expired files, and uploads that were never finished within an hour."""
    return await tx.run(
        """
        delete from files
        where expires_at < now() or (not is_complete and created_at < now() - interval '1 hour')
        """
    )
