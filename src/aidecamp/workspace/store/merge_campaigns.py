"""Staged campaigns into campaigns, by key; a draft that people may have worked on meanwhile stays theirs."""

from __future__ import annotations

from dataclasses import dataclass

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Merged:
    created: int
    updated: int


async def merge(tx: Transaction, actor: Actor) -> Merged:
    updated = await tx.run(
        """
        update campaigns c
        set name = s.name, channel = s.channel, status = s.status, content = c.content || s.content,
            audience = coalesce(s.audience, c.audience), sent_at = coalesce(s.sent_at, c.sent_at),
            version = c.version + 1, updated_at = now()
        from (select distinct on (key) * from staged_campaigns order by key, line desc) s
        where c.key = s.key and s.status <> 'draft'
          and ((s.name, s.channel, s.status) is distinct from (c.name, c.channel, c.status)
               or not c.content @> s.content or s.audience <> coalesce(c.audience, '')
               or s.sent_at is distinct from c.sent_at and s.sent_at is not null)
        """
    )
    created = await tx.run(
        """
        insert into campaigns (customer_id, id, key, name, channel, status, content, audience, audience_id,
                               sent_at, created_by, is_simulated)
        select %(customer_id)s, s.id, s.key, s.name, s.channel, s.status, s.content, s.audience, a.id,
               s.sent_at, %(user_id)s, s.is_simulated
        from (select distinct on (key) * from staged_campaigns order by key, line desc) s
        left join audiences a on a.name = s.audience
        on conflict (customer_id, key) do nothing
        """,
        customer_id=actor.customer_id,
        user_id=actor.user_id,
    )
    return Merged(created, updated)
