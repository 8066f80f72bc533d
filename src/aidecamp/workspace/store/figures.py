"""Aggregates over the roll-up; never a contact's own data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from aidecamp.actor import Actor, Role
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Span

COUNTS = """
    coalesce(sum(count) filter (where kind = 'sent'), 0)::bigint as sent,
    coalesce(sum(count) filter (where kind = 'delivered'), 0)::bigint as delivered,
    coalesce(sum(count) filter (where kind = 'opened'), 0)::bigint as opened,
    coalesce(sum(count) filter (where kind = 'clicked'), 0)::bigint as clicked,
    coalesce(sum(count) filter (where kind = 'converted'), 0)::bigint as converted,
    coalesce(sum(count) filter (where kind = 'unsubscribed'), 0)::bigint as unsubscribed,
    coalesce(sum(count) filter (where kind = 'bounced'), 0)::bigint as bounced,
    coalesce(sum(count) filter (where kind = 'purchased'), 0)::bigint as purchased,
    coalesce(sum(revenue) filter (where kind = 'purchased'), 0)::float8 as revenue
"""


@dataclass(frozen=True, slots=True)
class Tally:
    label: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    converted: int
    unsubscribed: int
    bounced: int
    purchased: int
    revenue: float


@dataclass(frozen=True, slots=True)
class CampaignTally:
    id: UUID
    name: str
    channel: str
    status: str
    content: dict[str, object]
    sent_on: date | None
    sent: int
    delivered: int
    opened: int
    clicked: int
    converted: int
    unsubscribed: int
    bounced: int
    purchased: int
    revenue: float


@dataclass(frozen=True, slots=True)
class AudienceTally:
    id: UUID
    name: str
    size: int
    engaged_30d: int


@dataclass(frozen=True, slots=True)
class Reach:
    contacts: int
    email: int
    sms: int


async def span(tx: Transaction) -> Span:
    return await tx.one(Span, "select min(day) as since, max(day) as until from event_days")


async def reach(tx: Transaction) -> Reach:
    return await tx.one(
        Reach,
        """
        select count(*) as contacts,
               count(*) filter (where email_consent and email is not null) as email,
               count(*) filter (where sms_consent and phone is not null) as sms
        from contacts
        """,
    )


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: str
    count: int
    simulated: bool


async def statuses(tx: Transaction, actor: Actor) -> list[StatusCount]:
    return await tx.all(
        StatusCount,
        """
        select status, count(*) as count, bool_or(is_simulated) as simulated from campaigns
        where status <> 'draft' or %(everything)s or created_by = %(user_id)s
        group by status order by status
        """,
        everything=actor.role.at_least(Role.MANAGER),
        user_id=actor.user_id,
    )


async def totals(tx: Transaction, since: date, until: date) -> Tally:
    return await tx.one(
        Tally,
        f"select '' as label, {COUNTS} from event_days where day between %(since)s and %(until)s",
        since=since,
        until=until,
    )


async def by_day(tx: Transaction, since: date, until: date, channel: str | None) -> list[Tally]:
    """Every day of the period, also those without events."""
    return await tx.all(
        Tally,
        f"""
        select to_char(days.day, 'YYYY-MM-DD') as label, {COUNTS}
        from generate_series(%(since)s::date, %(until)s::date, interval '1 day') as days (day)
        left join event_days e on e.day = days.day::date
             and (%(channel)s::text is null or e.channel = %(channel)s)
        group by days.day order by days.day
        """,
        since=since,
        until=until,
        channel=channel,
    )


async def by_channel(tx: Transaction, since: date, until: date) -> list[Tally]:
    return await tx.all(
        Tally,
        f"""
        select channel as label, {COUNTS} from event_days
        where day between %(since)s and %(until)s and channel <> ''
        group by channel order by sum(count) desc, channel
        """,
        since=since,
        until=until,
    )


async def by_weekday_hour(tx: Transaction, since: date, until: date, channel: str | None) -> list[Tally]:
    return await tx.all(
        Tally,
        f"""
        select (extract(isodow from day)::int - 1) || '-' || hour as label, {COUNTS} from event_days
        where day between %(since)s and %(until)s
          and (%(channel)s::text is null or channel = %(channel)s)
        group by extract(isodow from day), hour order by extract(isodow from day), hour
        """,
        since=since,
        until=until,
        channel=channel,
    )


async def campaigns(
    tx: Transaction, actor: Actor, *, status: str | None, campaign_id: UUID | None, limit: int
) -> list[CampaignTally]:
    """Newest sent first, then the drafts; only those in the actor's sight."""
    return await tx.all(
        CampaignTally,
        f"""
        with chosen as (
            select id, name, channel::text as channel, status, content, sent_at from campaigns
            where (status <> 'draft' or %(everything)s or created_by = %(user_id)s)
              and (%(status)s::text is null or status = %(status)s)
              and (%(campaign_id)s::uuid is null or id = %(campaign_id)s)
            order by sent_at desc nulls last, id desc limit %(limit)s
        )
        select c.id, c.name, c.channel, c.status, c.content,
               (c.sent_at at time zone %(zone)s)::date as sent_on, {COUNTS}
        from chosen c left join campaign_counts e on e.campaign_id = c.id
        group by c.id, c.name, c.channel, c.status, c.content, c.sent_at
        order by c.sent_at desc nulls last, c.id desc
        """,
        everything=actor.role.at_least(Role.MANAGER),
        user_id=actor.user_id,
        zone=actor.timezone,
        status=status,
        campaign_id=campaign_id,
        limit=limit,
    )


async def audiences(tx: Transaction, *, engaged_since: date, zone: str, limit: int) -> list[AudienceTally]:
    return await tx.all(
        AudienceTally,
        """
        select a.id, a.name, count(m.contact_id) as size,
               count(*) filter (
                   where c.last_engaged_at >= (%(engaged_since)s::timestamp at time zone %(zone)s)
               ) as engaged_30d
        from audiences a
        left join audience_members m on m.customer_id = a.customer_id and m.audience_id = a.id
        left join contacts c on c.customer_id = m.customer_id and c.id = m.contact_id
        group by a.id, a.name order by size desc, a.name limit %(limit)s
        """,
        engaged_since=engaged_since,
        zone=zone,
        limit=limit,
    )


async def attribute_names(tx: Transaction, *, sample: int, limit: int) -> list[str]:
    """The attribute names that the newest contacts carry, most frequent first."""
    return await tx.values(
        """
        select name from (
            select attributes from contacts where attributes is not null order by id desc limit %(sample)s
        ) newest, jsonb_object_keys(newest.attributes) as name
        group by name order by count(*) desc, name limit %(limit)s
        """,
        sample=sample,
        limit=limit,
    )
