"""One import from bytes to merged rows: all good rows or none, bad rows kept aside, in constant memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.errors import Invalid
from aidecamp.workspace.importing.cells import BadCell
from aidecamp.workspace.importing.kinds import KINDS, Kind, Merge, Rows
from aidecamp.workspace.importing.reading import Malformed, Reader, Row
from aidecamp.workspace.importing.rejects import Rejects
from aidecamp.workspace.models import ImportKind
from aidecamp.workspace.store import staging

Source = Callable[[], AsyncIterator[bytes]]
"""Opens the file from its start; it may be read twice."""
Sink = Callable[[bytes], Awaitable[None]]
Progress = Callable[[int, int], Awaitable[None]]
"""Called now and then with the bytes and the rows read so far."""


@dataclass(frozen=True, slots=True)
class Summary:
    """`read` = created + updated + unchanged + rejected."""

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    notes: list[str] = field(default_factory=list)


async def run(
    database: Database, actor: Actor, what: ImportKind, source: Source, reject: Sink, progress: Progress
) -> Summary:
    """Import the file. Raises Invalid where it is no CSV of this kind; then nothing was changed."""
    kind = KINDS[what]
    intake = Intake(kind, actor.timezone)
    async with database.customer(actor) as tx:
        await staging.begin(tx)
        await kind.stage(tx, _blocks(intake, source, reject, progress))
        if intake.rows is None:
            raise Invalid("The file is empty.", help="The first row must name the columns.")
        merged = await kind.merge(tx, actor)
        if merged.rejected:
            await _reread(intake, source, merged.rejected)
            await reject(intake.rejects.take())
    return _summary(intake, merged)


async def _blocks(intake: Intake, source: Source, reject: Sink, progress: Progress) -> AsyncIterator[bytes]:
    """Lines for COPY, block by block; parsing runs in a thread, so that the server stays responsive."""
    taken = 0
    async for data in source():
        taken += len(data)
        staged = await asyncio.to_thread(intake.feed, data)
        if staged:
            yield staged
        if rejected := intake.rejects.take():
            await reject(rejected)
        await progress(taken, intake.read)
    if staged := await asyncio.to_thread(intake.close):
        yield staged
    if rejected := intake.rejects.take():
        await reject(rejected)


class Intake:
    """Bytes in, staged lines out; counts what it reads and keeps what it must refuse."""

    def __init__(self, kind: Kind, zone: str) -> None:
        self.rows: Rows | None = None
        self.rejects = Rejects([])
        self.read = 0
        self._kind = kind
        self._zone = zone
        self._reader = Reader()
        self._width = 0

    def feed(self, data: bytes) -> bytes:
        return self._staged(self._reader.feed(data))

    def close(self) -> bytes:
        return self._staged(self._reader.close())

    @property
    def fell_back(self) -> bool:
        return self._reader.decoder.fallback

    def _staged(self, records: list[Row | Malformed]) -> bytes:
        if self.rows is None and records:
            self._begin(records.pop(0))
        lines: list[str] = []
        self.read += len(records)
        for record in records:
            if isinstance(record, Malformed):
                self.rejects.add(record.line, record.reason, [record.raw])
            elif line := self._line(record):
                lines.append(line)
        return "".join(lines).encode("utf-8", "replace")

    def _begin(self, header: Row | Malformed) -> None:
        if isinstance(header, Malformed):
            raise Invalid(f"The first row, which must name the columns, can't be read: {header.reason}")
        self.rows = self._kind.rows(header.cells, self._zone, datetime.now(UTC))
        self.rejects = Rejects(header.cells)
        self._width = len(header.cells)

    def _line(self, record: Row) -> str | None:
        cells = record.cells
        if len(cells) != self._width:
            while len(cells) > self._width and not cells[-1].strip():
                cells.pop()
            if len(cells) != self._width:
                reason = f"The row has {len(cells)} cells, the first row has {self._width}."
                self.rejects.add(record.line, reason, cells)
                return None
        assert self.rows is not None
        try:
            return self._kind.line(record.line, self.rows.staged(cells))
        except BadCell as bad:
            self.rejects.add(record.line, str(bad), cells)
            return None


async def _reread(intake: Intake, source: Source, refused: dict[int, str]) -> None:
    """Fetch the cells of the rows that only the merge could refuse; they are rare."""
    reader = Reader()

    def pick(records: list[Row | Malformed]) -> None:
        for record in records:
            if isinstance(record, Row) and record.line in refused:
                intake.rejects.add(record.line, refused[record.line], record.cells)

    async for data in source():
        pick(await asyncio.to_thread(reader.feed, data))
    pick(await asyncio.to_thread(reader.close))


def _summary(intake: Intake, merged: Merge) -> Summary:
    assert intake.rows is not None
    rejected = intake.rejects.count
    notes = list(merged.notes)
    if intake.rows.columns.ignored:
        notes.append("Columns left out: " + ", ".join(intake.rows.columns.ignored[:20]) + ".")
    if intake.fell_back:
        notes.append("Some lines are not UTF-8; they were read as Windows-1252.")
    unchanged = intake.read - rejected - merged.created - merged.updated
    return Summary(intake.read, merged.created, merged.updated, unchanged, rejected, notes)
