"""The trail for reading: entries with the names of those who are still known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aidecamp import audit
from aidecamp.audit import Entry
from aidecamp.db.transaction import Transaction
from aidecamp.privacy import store
from aidecamp.privacy.store import Known


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters. `action` is a whole name (`suggestion.apply`) or its first part (`suggestion`)."""

    actor: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """`who` is None for the system and for a person who was erased: the entry stays, the name is gone."""

    entry: Entry
    who: Known | None


async def read(tx: Transaction, wanted: Wanted, before: UUID | None, limit: int) -> list[Told]:
    """Newest first; one more than `limit`, which says that there is a next page."""
    found = await audit.entries(
        tx, actor_id=wanted.actor, action=wanted.action, since=wanted.since, until=wanted.until,
        before=before, limit=limit + 1,
    )  # fmt: skip
    people = await store.known(tx, {entry.actor_id for entry in found if entry.actor_id})
    return [Told(entry, people.get(entry.actor_id) if entry.actor_id else None) for entry in found]
