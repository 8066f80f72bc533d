"""Files and their chunks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound

Purpose = Literal["import", "rejects", "export"]


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


async def insert(
    tx: Transaction, actor: Actor, *, id: UUID, name: str, purpose: Purpose, kept: timedelta
) -> None:
    await tx.run(
        """
        with file as (
            insert into files (customer_id, id, name, purpose, created_by, expires_at)
            values (%(customer_id)s, %(id)s, %(name)s, %(purpose)s, %(user_id)s, now() + %(kept)s)
        )
        insert into due (kind, customer_id, object_id, due_at)
        values ('file', %(customer_id)s, %(id)s, now() + interval '1 hour')
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
        """
        with file as (
            update files set is_complete = true, bytes = %(size)s where id = %(id)s
            returning customer_id, id, expires_at
        )
        update due set due_at = file.expires_at
        from file where due.kind = 'file' and (due.customer_id, due.object_id) = (file.customer_id, file.id)
        """,
        id=file_id,
        size=size,
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


async def customers_due(tx: Transaction, limit: int) -> list[UUID]:
    """Customers with files to remove; asked outside of all customers."""
    return await tx.values(
        """
        select distinct customer_id from (
            select customer_id from due where kind = 'file' and due_at < now() order by due_at
            limit %(limit)s
        ) oldest
        """,
        limit=limit,
    )


async def sweep(tx: Transaction, customer_id: UUID) -> int:
    """Remove the customer's expired files, and uploads that were not finished within an hour."""
    removed = await tx.run(
        """
        delete from files
        where expires_at <= now() or (not is_complete and created_at <= now() - interval '1 hour')
        """
    )
    await tx.run(
        "delete from due where kind = 'file' and customer_id = %(customer_id)s and due_at < now()",
        customer_id=customer_id,
    )
    return removed
