"""Files go in and out in pieces, belong to one customer, and go when their time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.errors import NotFound, TooLarge
from aidecamp.files import pieces
from aidecamp.files import store as files
from aidecamp.jobs.context import Services
from aidecamp.settings import Settings
from aidecamp.workspace.tasks import sweep_files
from tests.people import Cast

DATA = bytes(range(256)) * 4096


async def written(database: Database, actor: Actor, kept: timedelta = pieces.KEPT) -> pieces.FileWriter:
    writer = await pieces.writer(database, actor, name="a.bin", purpose="export", kept=kept)
    for at in range(0, len(DATA), 100_001):
        await writer.write(DATA[at : at + 100_001])
    return writer


async def test_what_goes_in_comes_out_in_bounded_pieces(database: Database, cast: Cast) -> None:
    actor = cast.user.actor
    writer = await written(database, actor)
    assert [piece async for piece in pieces.chunks(database, actor, writer.id)] == []  # not yet whole
    await writer.finish()
    parts = [piece async for piece in pieces.chunks(database, actor, writer.id)]
    assert b"".join(parts) == DATA
    assert max(map(len, parts)) == pieces.CHUNK_BYTES
    async with database.customer(actor) as tx:
        assert (await files.find(tx, writer.id)).bytes == len(DATA)


async def test_a_foreign_or_unfinished_file_does_not_exist_io_17(database: Database, cast: Cast) -> None:
    writer = await written(database, cast.user.actor)
    async with database.customer(cast.user.actor) as tx:
        with pytest.raises(NotFound):
            await files.find(tx, writer.id)
    await writer.finish()
    stranger = cast.stranger.actor
    async with database.customer(stranger) as tx:
        with pytest.raises(NotFound):
            await files.find(tx, writer.id)
    assert [piece async for piece in pieces.chunks(database, stranger, writer.id)] == []


async def test_a_file_over_its_limit_is_refused_while_it_comes_io_04(database: Database, cast: Cast) -> None:
    writer = await pieces.writer(database, cast.user.actor, name="a", purpose="import", limit=1 << 20)
    with pytest.raises(TooLarge):
        for _ in range(9):
            await writer.write(b"x" * (1 << 18))
    await writer.discard()
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from file_chunks") == 0


async def test_expired_and_broken_off_files_are_swept(database: Database, cast: Cast, tmp_path: Path) -> None:
    actor = cast.user.actor
    expired = await written(database, actor, kept=timedelta(seconds=-1))
    await expired.finish()
    kept = await written(database, actor)
    await kept.finish()
    broken_off, arriving = await written(database, actor), await written(database, actor)
    async with database.customer(actor) as tx:
        await tx.run(
            "update files set created_at = now() - interval '2 hours' where id = %(id)s", id=broken_off.id
        )
        await tx.run("update due set due_at = now() where object_id = %(id)s", id=broken_off.id)
    await sweep_files(Services(Settings(home=tmp_path), database))
    async with database.customer(actor) as tx:
        assert set(await tx.values("select id from files")) == {kept.id, arriving.id}
        assert set(await tx.values("select object_id from due where kind = 'file'")) == {kept.id, arriving.id}
