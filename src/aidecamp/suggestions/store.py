"""All SQL of this room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.host.drafts import Target
from aidecamp.suggestions.models import Filter, Status, Suggestion


async def insert(
    tx: Transaction,
    actor: Actor,
    *,
    id: UUID,
    conversation_id: UUID | None,
    message_id: UUID | None,
    suggestion_type: str,
    title: str,
    content: dict[str, Any],
    reasoning: str,
    confidence: float | None,
    checks: list[dict[str, Any]],
    given_links: list[str],
) -> Suggestion:
    return await tx.one(
        Suggestion,
        """insert into ai_suggestions
               (customer_id, id, conversation_id, message_id, user_id, suggestion_type, title, content,
                reasoning, confidence, checks, given_links)
           values (%(customer_id)s, %(id)s, %(conversation_id)s, %(message_id)s, %(user_id)s,
                   %(suggestion_type)s, %(title)s, %(content)s, %(reasoning)s, %(confidence)s, %(checks)s,
                   %(given_links)s)
           returning id, conversation_id, message_id, user_id, suggestion_type, title, content, reasoning,
                     confidence::float8, status, checks, given_links, applied_to_id, applied_to_kind, effect,
                     applied_at, created_at, updated_at""",
        customer_id=actor.customer_id,
        id=id,
        conversation_id=conversation_id,
        message_id=message_id,
        user_id=actor.person,
        suggestion_type=suggestion_type,
        title=title,
        content=Jsonb(content),
        reasoning=reasoning,
        confidence=confidence,
        checks=Jsonb(checks),
        given_links=given_links,
    )


async def find(tx: Transaction, suggestion_id: UUID) -> Suggestion | None:
    return await tx.maybe(
        Suggestion,
        """select id, conversation_id, message_id, user_id, suggestion_type, title, content, reasoning,
                  confidence::float8, status, checks, given_links, applied_to_id, applied_to_kind, effect,
                  applied_at, created_at, updated_at
           from ai_suggestions where customer_id = current_customer() and id = %(id)s""",
        id=suggestion_id,
    )


async def lock(tx: Transaction, suggestion_id: UUID) -> Suggestion | None:
    """The same, held against other tabs until this transaction ends."""
    return await tx.maybe(
        Suggestion,
        """select id, conversation_id, message_id, user_id, suggestion_type, title, content, reasoning,
                  confidence::float8, status, checks, given_links, applied_to_id, applied_to_kind, effect,
                  applied_at, created_at, updated_at
           from ai_suggestions where customer_id = current_customer() and id = %(id)s for no key update""",
        id=suggestion_id,
    )


async def listed(
    tx: Transaction, actor: Actor, wish: Filter, *, after: UUID | None, limit: int
) -> list[Suggestion]:
    """Newest first: the actor's own, and what colleagues applied."""
    return await tx.all(
        Suggestion,
        """select id, conversation_id, message_id, user_id, suggestion_type, title, content, reasoning,
                  confidence::float8, status, checks, given_links, applied_to_id, applied_to_kind, effect,
                  applied_at, created_at, updated_at
           from ai_suggestions
           where customer_id = current_customer()
             and (user_id = %(user_id)s or (status = 'applied' and not %(is_own)s))
             and (%(status)s::text is null or status = %(status)s)
             and (%(suggestion_type)s::text is null or suggestion_type = %(suggestion_type)s)
             and (%(conversation_id)s::uuid is null or conversation_id = %(conversation_id)s)
             and (%(message_id)s::uuid is null or message_id = %(message_id)s)
             and (%(after)s::uuid is null or id < %(after)s)
           order by id desc limit %(limit)s""",
        user_id=actor.user_id,
        is_own=wish.is_own,
        status=wish.status,
        suggestion_type=wish.suggestion_type,
        conversation_id=wish.conversation_id,
        message_id=wish.message_id,
        after=after,
        limit=limit,
    )


async def of_messages(tx: Transaction, actor: Actor, message_ids: list[UUID]) -> list[Suggestion]:
    """The actor's suggestions of these messages, oldest first: a thread's cards in one query."""
    return await tx.all(
        Suggestion,
        """select id, conversation_id, message_id, user_id, suggestion_type, title, content, reasoning,
                  confidence::float8, status, checks, given_links, applied_to_id, applied_to_kind, effect,
                  applied_at, created_at, updated_at
           from ai_suggestions
           where customer_id = current_customer() and user_id = %(user_id)s and message_id = any(%(ids)s)
           order by id""",
        user_id=actor.user_id,
        ids=message_ids,
    )


async def write(
    tx: Transaction,
    *,
    id: UUID,
    title: str,
    content: dict[str, Any],
    checks: list[dict[str, Any]],
    given_links: list[str],
) -> None:
    await tx.run(
        """update ai_suggestions set title = %(title)s, content = %(content)s, checks = %(checks)s,
                  given_links = %(given_links)s, updated_at = now()
           where customer_id = current_customer() and id = %(id)s""",
        id=id,
        title=title,
        content=Jsonb(content),
        checks=Jsonb(checks),
        given_links=given_links,
    )


async def set_status(tx: Transaction, *, id: UUID, status: Status) -> None:
    """Any status but applied, whose trace is wiped with it."""
    await tx.run(
        """update ai_suggestions set status = %(status)s, applied_to_id = null, applied_to_kind = null,
                  effect = null, applied_at = null, updated_at = now()
           where customer_id = current_customer() and id = %(id)s""",
        id=id,
        status=status,
    )


async def set_applied(tx: Transaction, *, id: UUID, target: Target, effect: dict[str, Any]) -> None:
    await tx.run(
        """update ai_suggestions set status = 'applied', applied_to_id = %(target_id)s,
                  applied_to_kind = %(target_kind)s, effect = %(effect)s, applied_at = now(),
                  updated_at = now()
           where customer_id = current_customer() and id = %(id)s""",
        id=id,
        target_id=target.id,
        target_kind=target.kind,
        effect=Jsonb(effect),
    )


async def counts(tx: Transaction, actor: Actor) -> dict[str, int]:
    """How many of the actor's own suggestions have each status."""
    rows = await tx.values(
        """select json_build_array(status, count(*)) from ai_suggestions
           where customer_id = current_customer() and user_id = %(user_id)s group by status""",
        user_id=actor.user_id,
    )
    return dict(rows)
