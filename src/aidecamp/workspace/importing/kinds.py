"""What can be imported: for each kind how its rows are read, staged and merged."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.importing.campaigns import CampaignRows
from aidecamp.workspace.importing.columns import Columns
from aidecamp.workspace.importing.contacts import ContactRows
from aidecamp.workspace.importing.events import EventRows
from aidecamp.workspace.models import ImportKind
from aidecamp.workspace.store import merge_campaigns, merge_contacts, merge_events, staging


class Rows(Protocol):
    """Reads one file's rows; `staged` gives the columns of the staging table after `line` (and `id`).

    An empty column is null. No column holds a tab or a line end.
    """

    columns: Columns

    def staged(self, row: list[str]) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Merge:
    """What the merge did. `rejected` are rows that only the database could refuse, by line."""

    created: int
    updated: int = 0
    rejected: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kind:
    rows: Callable[[list[str], str, datetime], Rows]
    has_ids: bool
    stage: Callable[[Transaction, AsyncIterable[bytes]], Awaitable[None]]
    merge: Callable[[Transaction, Actor], Awaitable[Merge]]

    def line(self, number: int, staged: tuple[str, ...]) -> str:
        """One line of PostgreSQL's COPY text format."""
        body = "\t".join(staged)
        if "\\" in body:
            body = body.replace("\\", "\\\\")
        return f"{number}\t{new_id()}\t{body}\n" if self.has_ids else f"{number}\t{body}\n"


async def merge_contact_rows(tx: Transaction, actor: Actor) -> Merge:
    await merge_contacts.match(tx)
    twins = await merge_contacts.has_twins(tx)
    if twins:
        await merge_contacts.join_twins(tx)
        await merge_contacts.refuse_twins(tx)
    refused = await merge_contacts.refused(tx)
    await (merge_contacts.collapse(tx) if twins else merge_contacts.take_as_they_are(tx))
    updated = await merge_contacts.update_known(tx)
    created = await merge_contacts.insert_new(tx, actor)
    return Merge(created, updated, {row.line: row.reason for row in refused})


async def merge_event_rows(tx: Transaction, actor: Actor) -> Merge:
    people = await merge_events.resolve_people(tx, actor)
    campaigns = await merge_events.resolve_campaigns(tx, actor)
    await merge_events.ready(tx, actor)
    await merge_events.drop_known(tx)
    created = await merge_events.insert(tx)
    await merge_events.count_in(tx, actor)
    await merge_events.touch_contacts(tx)
    notes = []
    if people:
        notes.append(f"{people:,} contacts were made, since the events name them; they gave no consent yet.")
    if campaigns:
        notes.append(f"{campaigns:,} campaigns were made, since the events name them.")
    return Merge(created, notes=notes)


async def merge_campaign_rows(tx: Transaction, actor: Actor) -> Merge:
    merged = await merge_campaigns.merge(tx, actor)
    return Merge(merged.created, merged.updated)


KINDS: dict[ImportKind, Kind] = {
    "contacts": Kind(
        lambda header, _zone, _now: ContactRows(header), True, staging.contacts, merge_contact_rows
    ),
    "events": Kind(EventRows, False, staging.events, merge_event_rows),
    "campaigns": Kind(CampaignRows, True, staging.campaigns, merge_campaign_rows),
}
