"""Staged events into events and their roll-ups, exactly once however often a file comes."""

from __future__ import annotations

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction


async def resolve_people(tx: Transaction, actor: Actor) -> int:
    """Find each named contact; make those nobody knows yet, without any consent. Gives how many."""
    await tx.run(
        """
        create temporary table event_people on commit drop as
        select distinct contact, email, phone, null::uuid as contact_id,
               concat(contact, ' ', email, ' ', phone) as who
        from staged_events where num_nonnulls(contact, email, phone) > 0
        """
    )
    await tx.run("analyze event_people")
    await _find_people(tx)
    made = await tx.run(
        """
        insert into contacts (customer_id, id, key, email, phone)
        select %(customer_id)s, gen_random_uuid(), contact, email, phone
        from event_people where contact_id is null
        order by contact, email, phone
        on conflict do nothing
        """,
        customer_id=actor.customer_id,
    )
    if made:
        await _find_people(tx)
    # Whoever erases one of them waits until this import is done, and then takes its events along.
    await tx.run(
        """
        with held as materialized (
            select c.id from contacts c where c.id in (select contact_id from event_people)
            order by c.id for key share)
        select count(*) from held
        """
    )
    return made


async def _find_people(tx: Transaction) -> None:
    await tx.run(
        """
        update event_people p set contact_id = c.id from contacts c
        where p.contact_id is null and c.key = p.contact
        """
    )
    await tx.run(
        """
        update event_people p set contact_id = c.id from contacts c
        where p.contact_id is null and c.email = p.email
        """
    )
    await tx.run(
        """
        update event_people p set contact_id = c.id
        from (select distinct on (phone) phone, id from contacts where phone is not null
              order by phone, id) c
        where p.contact_id is null and p.contact is null and p.email is null and c.phone = p.phone
        """
    )


async def resolve_campaigns(tx: Transaction, actor: Actor) -> int:
    """Find each named campaign by key, else by name; a name nobody knows becomes a sent campaign."""
    await tx.run(
        """
        create temporary table event_campaigns on commit drop as
        select campaign, null::uuid as campaign_id, null::channel as channel,
               coalesce(mode() within group (order by channel), 'email') as told,
               min(occurred_at) as since
        from staged_events where campaign is not null group by campaign
        """
    )
    await _find_campaigns(tx)
    made = await tx.run(
        """
        insert into campaigns (customer_id, id, key, name, channel, status, sent_at, created_by)
        select %(customer_id)s, gen_random_uuid(), campaign, campaign, told, 'sent', since, %(user_id)s
        from event_campaigns where campaign_id is null
        """,
        customer_id=actor.customer_id,
        user_id=actor.user_id,
    )
    if made:
        await _find_campaigns(tx)
    return made


async def _find_campaigns(tx: Transaction) -> None:
    await tx.run(
        """
        update event_campaigns e set campaign_id = c.id, channel = c.channel
        from (select distinct on (word) word, id, channel
              from campaigns, lateral (values (key, 0), (name, 1)) as words (word, rank)
              where word is not null and status <> 'draft' order by word, rank, id desc) c
        where e.campaign_id is null and c.word = e.campaign
        """
    )


async def ready(tx: Transaction, actor: Actor) -> None:
    """Give each event its id: the time, then a digest of what happened.

    Equal rows of one file are separate events (two orders of one price on one day), unless the file gives
    them the same event id: so the second gets the digest of the second, in this and in every later import.
    """
    await tx.run(
        """
        create temporary table ready_events on commit drop as
        with known as (
            select p.contact_id, k.campaign_id, s.occurred_at, s.kind, s.value, s.event_key,
                   coalesce(s.channel, k.channel) as channel,
                   lpad(to_hex((date_part('epoch', s.occurred_at) * 1000)::bigint), 12, '0') as time_part,
                   md5(concat_ws('|', p.contact_id, k.campaign_id, s.kind, coalesce(s.channel, k.channel),
                                 s.value, 'e:' || s.event_key)) as digest
            from staged_events s
            left join event_people p on p.who = concat(s.contact, ' ', s.email, ' ', s.phone)
            left join event_campaigns k on k.campaign = s.campaign
        ), numbered as (
            select *, row_number() over (partition by time_part, digest) as nth from known
        )
        select %(customer_id)s::uuid as customer_id,
               (time_part || substr(case when nth = 1 then digest else md5(digest || nth) end, 1, 20))::uuid
                   as id,
               contact_id, campaign_id, occurred_at, kind, channel, value
        from numbered where nth = 1 or event_key is null
        """,
        customer_id=actor.customer_id,
    )
    await tx.run("analyze ready_events")


async def drop_known(tx: Transaction) -> int:
    """Leave out what an earlier import brought."""
    if not await tx.value(
        """
        select exists (select from events e, (select min(id::text)::uuid as low, max(id::text)::uuid as high
                                             from ready_events) r where e.id between r.low and r.high)
        """
    ):
        return 0
    return await tx.run("delete from ready_events r using events e where e.id = r.id")


async def insert(tx: Transaction) -> int:
    return await tx.run(
        """
        insert into events (customer_id, id, contact_id, campaign_id, occurred_at, kind, channel, value)
        select customer_id, id, contact_id, campaign_id, occurred_at, kind, channel, value
        from ready_events
        """
    )


async def count_in(tx: Transaction, actor: Actor) -> None:
    """Add the new events to the roll-ups."""
    await tx.run(
        """
        insert into event_days (customer_id, day, hour, kind, channel, count, revenue)
        select customer_id, (occurred_at at time zone %(zone)s)::date,
               extract(hour from occurred_at at time zone %(zone)s), kind, coalesce(channel::text, ''),
               count(*), coalesce(sum(value), 0)
        from ready_events group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
        on conflict (customer_id, day, hour, kind, channel) do update
        set count = event_days.count + excluded.count, revenue = event_days.revenue + excluded.revenue
        """,
        zone=actor.timezone,
    )
    await tx.run(
        """
        insert into campaign_counts (customer_id, campaign_id, kind, count, revenue)
        select customer_id, campaign_id, kind, count(*), coalesce(sum(value), 0)
        from ready_events where campaign_id is not null group by 1, 2, 3 order by 1, 2, 3
        on conflict (customer_id, campaign_id, kind) do update
        set count = campaign_counts.count + excluded.count,
            revenue = campaign_counts.revenue + excluded.revenue
        """
    )


async def touch_contacts(tx: Transaction) -> None:
    """When a contact last did something, and that an unsubscription is a no."""
    await tx.run(
        """
        update contacts c set last_engaged_at = e.at
        from (select contact_id, max(occurred_at) as at from ready_events
              where kind in ('opened', 'clicked', 'converted', 'purchased') group by contact_id) e
        where c.id = e.contact_id and (c.last_engaged_at is null or c.last_engaged_at < e.at)
        """
    )
    await tx.run(
        """
        update contacts c
        set email_consent = case when e.of_email then false else c.email_consent end,
            sms_consent = case when e.of_sms then false else c.sms_consent end, updated_at = now()
        from (select contact_id, bool_or(channel = 'email') as of_email, bool_or(channel = 'sms') as of_sms
              from ready_events where kind = 'unsubscribed' group by contact_id) e
        where c.id = e.contact_id
          and ((e.of_email and c.email_consent is distinct from false)
               or (e.of_sms and c.sms_consent is distinct from false))
        """
    )


async def rebuild(tx: Transaction, actor: Actor) -> None:
    """Make the roll-ups anew from the events, as after a change of the customer's time zone."""
    await tx.run("delete from event_days")
    await tx.run("delete from campaign_counts")
    await tx.run(
        """
        insert into event_days (customer_id, day, hour, kind, channel, count, revenue)
        select customer_id, (occurred_at at time zone %(zone)s)::date,
               extract(hour from occurred_at at time zone %(zone)s), kind, coalesce(channel::text, ''),
               count(*), coalesce(sum(value), 0)
        from events group by 1, 2, 3, 4, 5
        """,
        zone=actor.timezone,
    )
    await tx.run(
        """
        insert into campaign_counts (customer_id, campaign_id, kind, count, revenue)
        select customer_id, campaign_id, kind, count(*), coalesce(sum(value), 0)
        from events where campaign_id is not null group by 1, 2, 3
        """
    )
