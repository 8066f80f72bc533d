"""Conversations: personal, so every statement names the user too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.chat.models import ContextType, Conversation
from aidecamp.db.transaction import Transaction


async def insert(
    tx: Transaction,
    *,
    customer_id: UUID,
    id: UUID,
    user_id: UUID,
    provider_id: UUID | None,
    title: str,
    context_type: ContextType,
    context_ref: dict[str, Any] | None,
) -> Conversation:
    return await tx.one(
        Conversation,
        """
        insert into ai_conversations
            (customer_id, id, user_id, ai_provider_id, title, context_type, context_ref)
        values
            (%(customer_id)s, %(id)s, %(user_id)s, %(provider_id)s, %(title)s, %(context_type)s,
                %(context_ref)s)
        returning id, user_id, ai_provider_id, title, context_type, context_ref, context_data, is_archived,
            created_at, updated_at
        """,
        customer_id=customer_id,
        id=id,
        user_id=user_id,
        provider_id=provider_id,
        title=title,
        context_type=context_type,
        context_ref=Jsonb(context_ref) if context_ref else None,
    )


async def one(tx: Transaction, user_id: UUID, id: UUID) -> Conversation | None:
    return await tx.maybe(
        Conversation,
        """
        select id, user_id, ai_provider_id, title, context_type, context_ref, context_data, is_archived,
            created_at, updated_at
        from ai_conversations where id = %(id)s and user_id = %(user_id)s
        """,
        id=id,
        user_id=user_id,
    )


async def newest(
    tx: Transaction, user_id: UUID, *, before: UUID | None, limit: int, is_archived: bool | None
) -> list[Conversation]:
    return await tx.all(
        Conversation,
        """
        select id, user_id, ai_provider_id, title, context_type, context_ref, context_data, is_archived,
            created_at, updated_at
        from ai_conversations
        where user_id = %(user_id)s
            and (%(before)s::uuid is null or id < %(before)s)
            and (%(is_archived)s::boolean is null or is_archived = %(is_archived)s)
        order by id desc limit %(limit)s
        """,
        user_id=user_id,
        before=before,
        limit=limit,
        is_archived=is_archived,
    )


async def recent(
    tx: Transaction, user_id: UUID, *, is_archived: bool, limit: int = 100
) -> list[Conversation]:
    """For the page's list: what was talked in last comes first."""
    return await tx.all(
        Conversation,
        """
        select id, user_id, ai_provider_id, title, context_type, context_ref, '{}'::jsonb as context_data,
            is_archived, created_at, updated_at
        from ai_conversations
        where user_id = %(user_id)s and is_archived = %(is_archived)s
        order by updated_at desc, id desc limit %(limit)s
        """,
        user_id=user_id,
        is_archived=is_archived,
        limit=limit,
    )


async def change(
    tx: Transaction, user_id: UUID, id: UUID, *, title: str | None, is_archived: bool | None
) -> Conversation | None:
    return await tx.maybe(
        Conversation,
        """
        update ai_conversations set
            title = coalesce(%(title)s, title),
            is_archived = coalesce(%(is_archived)s, is_archived),
            updated_at = now()
        where id = %(id)s and user_id = %(user_id)s
        returning id, user_id, ai_provider_id, title, context_type, context_ref, context_data, is_archived,
            created_at, updated_at
        """,
        id=id,
        user_id=user_id,
        title=title,
        is_archived=is_archived,
    )


async def rebind(tx: Transaction, user_id: UUID, id: UUID, *, provider_id: UUID) -> None:
    """Another provider from the next question on."""
    await tx.run(
        """
        update ai_conversations set ai_provider_id = %(provider_id)s
        where id = %(id)s and user_id = %(user_id)s
        """,
        id=id,
        user_id=user_id,
        provider_id=provider_id,
    )


async def asked(tx: Transaction, id: UUID, *, title: str, context_data: dict[str, Any]) -> None:
    """A question was asked: what the model is shown, and a title if there was none."""
    await tx.run(
        """
        update ai_conversations set updated_at = now(), context_data = %(context_data)s,
            title = case when title = '' then %(title)s else title end
        where id = %(id)s
        """,
        id=id,
        title=title,
        context_data=Jsonb(context_data),
    )


async def hold(tx: Transaction, user_id: UUID, id: UUID) -> bool:
    """False where it was deleted meanwhile; else it stays until this transaction ends."""
    return bool(
        await tx.value(
            """
            select true from ai_conversations where id = %(id)s and user_id = %(user_id)s for key share
            """,
            id=id,
            user_id=user_id,
        )
    )


async def delete(tx: Transaction, user_id: UUID, id: UUID) -> bool:
    return bool(
        await tx.run(
            "delete from ai_conversations where id = %(id)s and user_id = %(user_id)s", id=id, user_id=user_id
        )
    )


async def count(tx: Transaction, user_id: UUID) -> int:
    return int(
        await tx.value("select count(*) from ai_conversations where user_id = %(user_id)s", user_id=user_id)
    )
