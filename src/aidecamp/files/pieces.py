"""Files in and out of PostgreSQL in pieces, in constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import TooLarge
from aidecamp.files import store

CHUNK_BYTES = 256 * 1024
KEPT = timedelta(days=7)


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
            await store.complete(tx, self.id, self.bytes)

    async def discard(self) -> None:
        async with self._database.customer(self._actor) as tx:
            await store.delete(tx, self.id)

    async def _flush(self, size: int) -> None:
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        async with self._database.customer(self._actor) as tx:
            await store.append(tx, self._actor, self.id, self._position, chunk)
        self._position += 1


async def writer(
    database: Database,
    actor: Actor,
    *,
    name: str,
    purpose: store.Purpose,
    limit: int | None = None,
    kept: timedelta = KEPT,
) -> FileWriter:
    """Open a new file for writing; it can't be read before `finish`, and goes after `kept`."""
    file_id = new_id()
    async with database.customer(actor) as tx:
        await store.insert(tx, actor, id=file_id, name=name, purpose=purpose, kept=kept)
    return FileWriter(database, actor, file_id, limit)


async def chunks(database: Database, actor: Actor, file_id: UUID) -> AsyncIterator[bytes]:
    """The bytes of a complete file, a chunk a transaction: a slow reader holds no connection either."""
    position = 0
    while True:
        async with database.customer(actor) as tx:
            data = await store.chunk(tx, file_id, position)
        if data is None:
            return
        yield data
        position += 1
