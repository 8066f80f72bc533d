"""Bulk loading from code, by the same staging and merging as imports; for the demo and for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.importing.kinds import merge_campaign_rows, merge_contact_rows, merge_event_rows
from aidecamp.workspace.store import audiences, merge_events, staging

LINES_PER_BLOCK = 2000


@dataclass(frozen=True, slots=True)
class ContactSeed:
    key: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    attributes: dict[str, Any] | None = None
    email_consent: bool | None = None
    sms_consent: bool | None = None


@dataclass(frozen=True, slots=True)
class CampaignSeed:
    """`sent_at` None leaves a draft; `content` as in `host.drafts.CampaignDraft`."""

    key: str
    name: str
    channel: str
    content: dict[str, Any]
    sent_at: datetime | None = None
    audience: str | None = None
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class EventSeed:
    """`contact` and `campaign` are keys; `occurred_at` is aware; `value` is money, of purchases."""

    contact: str | None
    kind: str
    occurred_at: datetime
    campaign: str | None = None
    channel: str | None = None
    value: Decimal | float | None = None
    event_key: str | None = None


async def load_contacts(tx: Transaction, actor: Actor, rows: Iterable[ContactSeed]) -> int:
    """Returns how many were new. Loading the same again changes nothing."""
    await staging.begin(tx)
    lines = (
        (
            new_id(),
            r.key,
            r.email,
            r.phone,
            r.first_name,
            r.last_name,
            r.attributes,
            r.email_consent,
            r.sms_consent,
        )
        for r in rows
    )
    await staging.contacts(tx, _blocks(lines))
    created = (await merge_contact_rows(tx, actor)).created
    await staging.clear_contacts(tx)
    return created


async def load_campaigns(tx: Transaction, actor: Actor, rows: Iterable[CampaignSeed]) -> int:
    await staging.begin(tx)
    lines = (
        (
            new_id(), r.key, r.name, r.channel, "sent" if r.sent_at else "draft", r.content, r.audience,
            r.sent_at, r.is_simulated,
        )
        for r in rows
    )  # fmt: skip
    await staging.campaigns(tx, _blocks(lines))
    created = (await merge_campaign_rows(tx, actor)).created
    await staging.clear_campaigns(tx)
    return created


async def load_events(tx: Transaction, actor: Actor, rows: Iterable[EventSeed]) -> int:
    """Returns how many were new; the roll-ups are kept in step. Load the contacts and campaigns first."""
    await staging.begin(tx)
    lines = (
        (r.contact, None, None, r.campaign, r.kind, r.channel, r.occurred_at, r.value, r.event_key)
        for r in rows
    )
    await staging.events(tx, _blocks(lines))
    created = (await merge_event_rows(tx, actor)).created
    await staging.clear_events(tx)
    return created


async def load_audience(
    tx: Transaction, actor: Actor, name: str, description: str, contact_keys: Iterable[str]
) -> int:
    """A saved audience with these contacts in it; returns how many are known. Load the contacts first."""
    audience_id = new_id()
    if not await audiences.insert(tx, actor, id=audience_id, name=name, description=description, rules=None):
        return 0
    return await audiences.add_members(tx, audience_id, list(contact_keys))


async def rebuild_rollups(tx: Transaction, actor: Actor) -> None:
    """Only needed after the customer's time zone changed."""
    await merge_events.rebuild(tx, actor)


async def _blocks(rows: Iterable[tuple[Any, ...]]) -> AsyncIterator[bytes]:
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        lines.append("\t".join((str(number), *map(_field, row))) + "\n")
        if len(lines) == LINES_PER_BLOCK:
            yield "".join(lines).encode()
            lines.clear()
    if lines:
        yield "".join(lines).encode()


def _field(value: Any) -> str:
    """One field of PostgreSQL's COPY text format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dict):
        value = msgspec.json.encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
