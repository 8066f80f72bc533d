"""An uploaded file becomes an import: stored in pieces, queued, run by a worker."""

from __future__ import annotations

from fastapi import UploadFile

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Invalid
from aidecamp.files import pieces
from aidecamp.web.text import clean_name
from aidecamp.workspace.models import Import, ImportKind
from aidecamp.workspace.store import imports
from aidecamp.workspace.tasks import run_import

IMPORT_LIMIT = 256 * 1024 * 1024
# The form around the file takes a little more.
LARGER_BODIES = dict.fromkeys(("/api/v1/imports", "/imports"), IMPORT_LIMIT + 64 * 1024)


async def accept(database: Database, actor: Actor, kind: ImportKind, upload: UploadFile) -> Import:
    """Store the upload and queue its import; both or neither show."""
    name = clean_name(upload.filename or "")[:255] or "upload.csv"
    writer = await pieces.writer(database, actor, name=name, purpose="import", limit=IMPORT_LIMIT)
    try:
        while data := await upload.read(pieces.CHUNK_BYTES):
            await writer.write(data)
        if writer.bytes == 0:
            raise Invalid("The file is empty.", help="Choose a CSV file whose first row names the columns.")
        await writer.finish()
    except BaseException:
        await writer.discard()
        raise
    async with database.customer(actor) as tx:
        job = await imports.insert(tx, actor, id=new_id(), kind=kind, file_name=name, file_id=writer.id)
        await audit.record(tx, actor, "import", "import", job.id, kind=kind, bytes=writer.bytes)
        await run_import.configure(connection=tx.connection).defer_async(
            customer_id=str(actor.customer_id), import_id=str(job.id)
        )
    return job
