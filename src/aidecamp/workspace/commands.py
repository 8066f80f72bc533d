"""`aidecamp import`: a file from disk into a customer's workspace."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

from cyclopts import App, Parameter

from aidecamp import audit, settings
from aidecamp.actor import Actor, Role
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.session import session
from aidecamp.errors import Invalid, NotFound
from aidecamp.terminal import AsJson, tell
from aidecamp.workspace.importing import engine
from aidecamp.workspace.importing.engine import Summary
from aidecamp.workspace.models import ImportKind
from aidecamp.workspace.store import imports

BLOCK_BYTES = 1024 * 1024


def register(app: App) -> None:
    app.command(import_, name="import")


async def import_(
    kind: ImportKind,
    file: Path,
    *,
    customer: Annotated[UUID, Parameter(help="The customer's id.")],
    json: AsJson = False,
) -> None:
    """Import contacts, events or campaigns from a CSV file; rejected rows go to FILE.rejected.csv."""
    async with session(settings.load()) as database:
        actor = await operator(database, customer)
        outcome = await import_file(database, actor, kind, file, show_progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    tell(describe(kind, outcome), outcome.facts(), json)


async def operator(database: Database, customer_id: UUID) -> Actor:
    """Whoever may run commands on this machine, acting inside one customer."""
    async with database.of(customer_id) as tx:
        zone = await imports.customer_zone(tx)
    if zone is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return Actor(customer_id, None, Role.OWNER, zone, "cli")


@dataclass(frozen=True, slots=True)
class Outcome:
    summary: Summary
    rejected_file: Path | None

    def facts(self) -> dict[str, object]:
        return asdict(self.summary) | {
            "rejected_file": str(self.rejected_file) if self.rejected_file else None
        }


async def import_file(
    database: Database,
    actor: Actor,
    kind: ImportKind,
    path: Path,
    show: Callable[[float, int], None] = lambda _share, _rows: None,
) -> Outcome:
    """Import `path`; rejected rows go to `FILE.rejected.csv` beside it, which is absent without any.

    `show` is called with the share of the file read (0…1) and the rows so far.
    """
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    size = max(path.stat().st_size, 1)
    aside = Aside(path.with_name(path.name.removesuffix(".csv") + ".rejected.csv"))

    async def progress(taken: int, rows: int) -> None:
        show(taken / size, rows)

    with aside:
        summary = await engine.run(database, actor, kind, lambda: _read(path), aside.write, progress)
        if not summary.rejected:
            aside.discard()
    await _keep_trace(database, actor, kind, path, summary)
    return Outcome(summary, aside.path if summary.rejected else None)


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield data


class Aside:
    """The file beside the import's, made when the first bytes come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    async def write(self, data: bytes) -> None:
        if self._file is None:
            self._file = self.path.open("wb")
        self._file.write(data)

    def discard(self) -> None:
        self._close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


async def _keep_trace(
    database: Database, actor: Actor, kind: ImportKind, path: Path, summary: Summary
) -> None:
    """The import shows in the list of imports and in the trail like one over HTTP."""
    import_id = new_id()
    async with database.customer(actor) as tx:
        await imports.insert(tx, actor, id=import_id, kind=kind, file_name=path.name[:255], file_id=None)
        await imports.begin(tx, import_id)
        await imports.finish(tx, import_id, **asdict(summary), rejected_id=None)
        await audit.record(
            tx, actor, "import", "import", import_id, kind=kind, rows=summary.read, rejected=summary.rejected
        )


def describe(kind: str, outcome: Outcome) -> str:
    summary = outcome.summary
    lines = [
        f"{summary.read:,} rows of {kind}: {summary.created:,} new, {summary.updated:,} updated,"
        f" {summary.unchanged:,} unchanged, {summary.rejected:,} rejected.",
        *summary.notes,
    ]
    if outcome.rejected_file:
        lines.append(f"The rejected rows and their reasons are in {outcome.rejected_file}.")
    return "\n".join(lines)


def show_progress(share: float, rows: int) -> None:
    """One line that counts, on stderr, where a person is looking."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{share:4.0%}  {rows:,} rows")
        sys.stderr.flush()
