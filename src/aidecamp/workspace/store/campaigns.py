"""Campaigns: read in the reader's sight, changed as drafts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor, Role
from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Campaign

COLUMNS = """
    id, key, name, channel::text as channel, status, content, audience_id, audience, send_time, sent_at,
    created_by, plan_id, plan_step, suggestion_id, is_simulated, version, created_at, updated_at
"""
# A draft is its author's own until it is scheduled; managers and up see every one.
IN_SIGHT = "(status <> 'draft' or %(everything)s or created_by = %(user_id)s)"


def _sight(actor: Actor) -> dict[str, Any]:
    return {"everything": actor.role.at_least(Role.MANAGER), "user_id": actor.user_id}


async def find(tx: Transaction, actor: Actor, campaign_id: UUID) -> Campaign | None:
    return await tx.maybe(
        Campaign,
        f"select {COLUMNS} from campaigns where id = %(id)s and {IN_SIGHT}",
        id=campaign_id,
        **_sight(actor),
    )


async def lock(tx: Transaction, actor: Actor, campaign_id: UUID) -> Campaign | None:
    return await tx.maybe(
        Campaign,
        f"select {COLUMNS} from campaigns where id = %(id)s and {IN_SIGHT} for update",
        id=campaign_id,
        **_sight(actor),
    )


async def listed(
    tx: Transaction,
    actor: Actor,
    *,
    status: str | None = None,
    channel: str | None = None,
    plan_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Campaign]:
    """Newest first, by id: the order in which they were made."""
    return await tx.all(
        Campaign,
        f"""
        select {COLUMNS} from campaigns
        where {IN_SIGHT}
          and (%(status)s::text is null or status = %(status)s)
          and (%(channel)s::channel is null or channel = %(channel)s::channel)
          and (%(plan_id)s::uuid is null or plan_id = %(plan_id)s)
          and (%(before)s::uuid is null or id < %(before)s)
        order by id desc
        limit %(limit)s
        """,
        status=status,
        channel=channel,
        plan_id=plan_id,
        before=before,
        limit=limit,
        **_sight(actor),
    )


async def insert(
    tx: Transaction,
    actor: Actor,
    *,
    id: UUID,
    name: str,
    channel: str,
    content: dict[str, Any],
    audience_id: UUID | None = None,
    audience: str | None = None,
    send_time: str | None = None,
    plan_id: UUID | None = None,
    plan_step: int | None = None,
    suggestion_id: UUID | None = None,
) -> Campaign:
    return await tx.one(
        Campaign,
        f"""
        insert into campaigns (customer_id, id, name, channel, content, audience_id, audience, send_time,
                               created_by, plan_id, plan_step, suggestion_id)
        values (%(customer_id)s, %(id)s, %(name)s, %(channel)s, %(content)s, %(audience_id)s, %(audience)s,
                %(send_time)s, %(user_id)s, %(plan_id)s, %(plan_step)s, %(suggestion_id)s)
        returning {COLUMNS}
        """,
        customer_id=actor.customer_id,
        id=id,
        name=name,
        channel=channel,
        content=Jsonb(content),
        audience_id=audience_id,
        audience=audience,
        send_time=send_time,
        user_id=actor.user_id,
        plan_id=plan_id,
        plan_step=plan_step,
        suggestion_id=suggestion_id,
    )


async def update_draft(
    tx: Transaction,
    *,
    id: UUID,
    name: str,
    content: dict[str, Any],
    audience_id: UUID | None,
    audience: str | None,
    send_time: str | None,
    suggestion_id: UUID | None,
) -> Campaign:
    """Write the fields that a person may change; the version moves on."""
    return await tx.one(
        Campaign,
        f"""
        update campaigns
        set name = %(name)s, content = %(content)s, audience_id = %(audience_id)s, audience = %(audience)s,
            send_time = %(send_time)s, suggestion_id = %(suggestion_id)s,
            version = version + 1, updated_at = now()
        where id = %(id)s and status = 'draft'
        returning {COLUMNS}
        """,
        id=id,
        name=name,
        content=Jsonb(content),
        audience_id=audience_id,
        audience=audience,
        send_time=send_time,
        suggestion_id=suggestion_id,
    )


async def delete(tx: Transaction, campaign_id: UUID) -> int:
    return await tx.run("delete from campaigns where id = %(id)s and status = 'draft'", id=campaign_id)


async def contents(tx: Transaction, *, limit: int) -> list[dict[str, Any]]:
    """The newest content of the customer's sent and scheduled campaigns: what it really says and links to."""
    return await tx.values(
        """
        select content from campaigns
        where status <> 'draft' and content <> '{}' order by id desc limit %(limit)s
        """,
        limit=limit,
    )


async def of_audience(tx: Transaction, actor: Actor, audience_id: UUID) -> list[Campaign]:
    return await tx.all(
        Campaign,
        f"""
        select {COLUMNS} from campaigns where audience_id = %(audience_id)s and {IN_SIGHT}
        order by id desc limit 50
        """,
        audience_id=audience_id,
        **_sight(actor),
    )


async def drafts_first(
    tx: Transaction,
    actor: Actor,
    *,
    status: str | None,
    channel: str | None,
    before: UUID | None,
    limit: int,
) -> list[Campaign]:
    """For people: what there is to do comes before what is done; each newest first."""
    return await tx.all(
        Campaign,
        f"""
        select {COLUMNS} from campaigns
        where {IN_SIGHT}
          and (%(status)s::text is null or status = %(status)s)
          and (%(channel)s::channel is null or channel = %(channel)s::channel)
          and (%(before)s::uuid is null or (status = 'draft', coalesce(sent_at, created_at), id) < (
               select last.status = 'draft', coalesce(last.sent_at, last.created_at), last.id
               from campaigns last where last.id = %(before)s))
        order by (status = 'draft') desc, coalesce(sent_at, created_at) desc, id desc
        limit %(limit)s
        """,
        status=status,
        channel=channel,
        before=before,
        limit=limit,
        **_sight(actor),
    )
