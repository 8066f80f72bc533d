"""Import jobs: what was brought in, how far it is, what became of the rows."""

from __future__ import annotations

from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Import, ImportKind

COLUMNS = """
    id, kind, file_name, file_id, rejected_id, status, progress, read, created, updated, unchanged, rejected,
    notes, error, created_by, created_at, started_at, finished_at
"""


async def find(tx: Transaction, import_id: UUID) -> Import | None:
    return await tx.maybe(Import, f"select {COLUMNS} from imports where id = %(id)s", id=import_id)


async def listed(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Import]:
    return await tx.all(
        Import,
        f"""
        select {COLUMNS} from imports where (%(before)s::uuid is null or id < %(before)s)
        order by id desc limit %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def insert(
    tx: Transaction, actor: Actor, *, id: UUID, kind: ImportKind, file_name: str, file_id: UUID | None
) -> Import:
    return await tx.one(
        Import,
        f"""
        insert into imports (customer_id, id, kind, file_name, file_id, created_by)
        values (%(customer_id)s, %(id)s, %(what)s, %(file_name)s, %(file_id)s, %(user_id)s)
        returning {COLUMNS}
        """,
        customer_id=actor.customer_id,
        id=id,
        what=kind,
        file_name=file_name,
        file_id=file_id,
        user_id=actor.user_id,
    )


async def begin(tx: Transaction, import_id: UUID) -> Import | None:
    """Take the job up; also one whose process died, since an import is all or nothing."""
    return await tx.maybe(
        Import,
        f"""
        update imports set status = 'running', started_at = now(), progress = 0
        where id = %(id)s and status in ('queued', 'running')
        returning {COLUMNS}
        """,
        id=import_id,
    )


async def report(tx: Transaction, import_id: UUID, progress: float, read: int) -> None:
    await tx.run(
        """
        update imports set progress = greatest(progress, %(progress)s), read = %(read)s
        where id = %(id)s and status = 'running'
        """,
        id=import_id,
        progress=progress,
        read=read,
    )


async def finish(
    tx: Transaction,
    import_id: UUID,
    *,
    read: int,
    created: int,
    updated: int,
    unchanged: int,
    rejected: int,
    notes: list[str],
    rejected_id: UUID | None,
) -> None:
    await tx.run(
        """
        update imports
        set status = 'done', progress = 1, finished_at = now(), read = %(read)s, created = %(created)s,
            updated = %(updated)s, unchanged = %(unchanged)s, rejected = %(rejected)s, notes = %(notes)s,
            rejected_id = %(rejected_id)s, error = null
        where id = %(id)s
        """,
        id=import_id,
        read=read,
        created=created,
        updated=updated,
        unchanged=unchanged,
        rejected=rejected,
        notes=Jsonb(notes),
        rejected_id=rejected_id,
    )


async def fail(tx: Transaction, import_id: UUID, error: str) -> None:
    await tx.run(
        """
        update imports set status = 'failed', finished_at = now(), error = %(error)s
        where id = %(id)s and status in ('queued', 'running')
        """,
        id=import_id,
        error=error,
    )


async def customer_zone(tx: Transaction) -> str | None:
    zone: str | None = await tx.value("select timezone from customers")
    return zone
