"""The port's figures, read from the roll-up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import regex

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.errors import NotFound
from aidecamp.host.port import AudienceFigures, CampaignFigures, Counts, Overview, Slice
from aidecamp.workspace.models import EVENT_KINDS
from aidecamp.workspace.store import campaigns, figures
from aidecamp.workspace.store.figures import CampaignTally, Tally

BASE_FIELDS = ("first_name", "last_name", "email", "phone")
ATTRIBUTE_SAMPLE = 2000
ATTRIBUTE_LIMIT = 40
CONTENT_SAMPLE = 200
ENGAGED_DAYS = 30
LINK = regex.compile(r"https?://[^\s\"'<>)\]]+", regex.IGNORECASE)


class WorkspaceFigures:
    """The port's `Figures` over the embedded workspace."""

    async def overview(self, tx: Transaction, actor: Actor) -> Overview:
        span, reach = await figures.span(tx), await figures.reach(tx)
        statuses = await figures.statuses(tx, actor)
        return Overview(
            contacts=reach.contacts,
            reachable={"email": reach.email, "sms": reach.sms},
            campaigns={row.status: row.count for row in statuses},
            since=span.since,
            until=span.until,
            simulated=any(row.simulated for row in statuses),
        )

    async def totals(self, tx: Transaction, actor: Actor, *, days: int, until: date | None) -> Counts:
        period = await _period(tx, days, until)
        return _counts(await figures.totals(tx, *period)) if period else Counts()

    async def by_day(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]:
        period = await _period(tx, days, until)
        return [_slice(row) for row in await figures.by_day(tx, *period, channel)] if period else []

    async def by_channel(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None
    ) -> list[Slice]:
        period = await _period(tx, days, until)
        rows = await figures.by_channel(tx, *period) if period else []
        return [Slice(row.label, _counts(row), channel=row.label) for row in rows]

    async def by_weekday_hour(
        self, tx: Transaction, actor: Actor, *, days: int, until: date | None, channel: str | None = None
    ) -> list[Slice]:
        period = await _period(tx, days, until)
        return [_slice(row) for row in await figures.by_weekday_hour(tx, *period, channel)] if period else []

    async def campaigns(
        self, tx: Transaction, actor: Actor, *, status: str | None = None, limit: int = 50
    ) -> list[CampaignFigures]:
        rows = await figures.campaigns(tx, actor, status=status, campaign_id=None, limit=limit)
        return [_campaign(row) for row in rows]

    async def campaign(self, tx: Transaction, actor: Actor, campaign_id: UUID) -> CampaignFigures:
        rows = await figures.campaigns(tx, actor, status=None, campaign_id=campaign_id, limit=1)
        if not rows:
            raise NotFound("There is no such campaign.")
        return _campaign(rows[0])

    async def audiences(self, tx: Transaction, actor: Actor, *, limit: int = 20) -> list[AudienceFigures]:
        until = (await figures.span(tx)).until
        since = (until - timedelta(days=ENGAGED_DAYS - 1)) if until else date.max
        rows = await figures.audiences(tx, engaged_since=since, zone=actor.timezone, limit=limit)
        return [AudienceFigures(row.id, row.name, row.size, row.engaged_30d) for row in rows]

    async def merge_fields(self, tx: Transaction, actor: Actor) -> list[str]:
        names = await figures.attribute_names(tx, sample=ATTRIBUTE_SAMPLE, limit=ATTRIBUTE_LIMIT)
        return [*BASE_FIELDS, *(name for name in names if name not in BASE_FIELDS)]

    async def links(self, tx: Transaction, actor: Actor) -> list[str]:
        hosts: set[str] = set()
        for content in await campaigns.contents(tx, limit=CONTENT_SAMPLE):
            hosts.update(_hosts(content))
        return sorted(hosts)


async def _period(tx: Transaction, days: int, until: date | None) -> tuple[date, date] | None:
    """The last `days` days, from the first event on; None without events."""
    span = await figures.span(tx)
    if span.since is None or span.until is None:
        return None
    last = until or span.until
    first = max(last - timedelta(days=max(days, 1) - 1), span.since)
    return (first, last) if first <= last else None


def _counts(row: Tally | CampaignTally) -> Counts:
    return Counts(**{kind: getattr(row, kind) for kind in EVENT_KINDS}, revenue=row.revenue)


def _slice(row: Tally) -> Slice:
    return Slice(row.label, _counts(row))


def _campaign(row: CampaignTally) -> CampaignFigures:
    subject = row.content.get("subject")
    return CampaignFigures(
        id=row.id,
        name=row.name,
        channel=row.channel,
        status=row.status,
        subject=subject if isinstance(subject, str) else None,
        sent_on=row.sent_on,
        counts=_counts(row),
        content=row.content,
    )


def _hosts(content: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for value in content.values():
        if isinstance(value, str):
            for link in LINK.findall(value):
                try:
                    host = urlsplit(link).hostname
                except ValueError:
                    continue
                if host:
                    found.add(host)
    return found
