"""One queued import, run by a worker: from the stored file into the workspace, with its progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.errors import Refusal
from aidecamp.files import pieces
from aidecamp.files import store as files
from aidecamp.files.pieces import FileWriter
from aidecamp.workspace.importing import engine
from aidecamp.workspace.models import Import
from aidecamp.workspace.store import imports

REJECTS_KEPT = timedelta(days=30)
REPORT_SECONDS = 0.5

log = structlog.get_logger()


async def run(database: Database, customer_id: UUID, import_id: UUID) -> None:
    """Run it to its end. Safe to run again after a crash: what an import brings, it brings at once."""
    async with database.of(customer_id) as tx:
        job = await imports.begin(tx, import_id)
        zone = await imports.customer_zone(tx)
    if job is None or job.file_id is None or zone is None:
        return
    actor = Actor(customer_id, job.created_by, Role.MANAGER, zone, "job")
    try:
        await _import(database, actor, job, job.file_id)
    except Refusal as refusal:
        sentence = " ".join(filter(None, (refusal.detail, refusal.help)))
        await give_up(database, customer_id, import_id, sentence)
    log.info("import.ended", import_id=str(import_id), kind=job.kind)


async def give_up(database: Database, customer_id: UUID, import_id: UUID, sentence: str) -> None:
    async with database.of(customer_id) as tx:
        job = await imports.find(tx, import_id)
        await imports.fail(tx, import_id, sentence)
        if job and job.file_id:
            await files.delete(tx, job.file_id)


async def _import(database: Database, actor: Actor, job: Import, file_id: UUID) -> None:
    async with database.customer(actor) as tx:
        size = max((await files.find(tx, file_id)).bytes, 1)
    aside = Aside(database, actor, job)
    reported = monotonic()

    async def progress(taken: int, rows: int) -> None:
        nonlocal reported
        if monotonic() - reported > REPORT_SECONDS:
            reported = monotonic()
            async with database.customer(actor) as tx:
                # The merge after reading takes about as long again.
                await imports.report(tx, job.id, 0.5 * taken / size, rows)

    def source() -> AsyncIterator[bytes]:
        return pieces.chunks(database, actor, file_id)

    try:
        summary = await engine.run(database, actor, job.kind, source, aside.write, progress)
        await aside.finish()
    except BaseException:
        await aside.discard()
        raise
    async with database.customer(actor) as tx:
        await imports.finish(tx, job.id, **asdict(summary), rejected_id=aside.file_id)
        # An upload holds people's data; nothing needs it any more.
        await files.delete(tx, file_id)


class Aside:
    """The rejected rows, as a file that is made when the first one comes."""

    def __init__(self, database: Database, actor: Actor, job: Import) -> None:
        self._database = database
        self._actor = actor
        self._name = job.file_name.removesuffix(".csv")[:240] + ".rejected.csv"
        self._writer: FileWriter | None = None

    @property
    def file_id(self) -> UUID | None:
        return self._writer.id if self._writer else None

    async def write(self, data: bytes) -> None:
        if self._writer is None:
            self._writer = await pieces.writer(
                self._database, self._actor, name=self._name, purpose="rejects", kept=REJECTS_KEPT
            )
        await self._writer.write(data)

    async def finish(self) -> None:
        if self._writer:
            await self._writer.finish()

    async def discard(self) -> None:
        if self._writer:
            await self._writer.discard()
