"""Questions and answers; an answer's row is written twice: when it is admitted and when it is closed."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from aidecamp.chat.models import Asked, Ending, Message
from aidecamp.chat.prompt import Past
from aidecamp.db.transaction import Transaction


async def insert_question(
    tx: Transaction, *, customer_id: UUID, user_id: UUID, asked: Asked, content: str
) -> None:
    await tx.run(
        """
        insert into ai_messages (customer_id, id, conversation_id, user_id, role, content, status)
        values (%(customer_id)s, %(id)s, %(conversation_id)s, %(user_id)s, 'user', %(content)s, 'complete')
        """,
        customer_id=customer_id,
        id=asked.question_id,
        conversation_id=asked.conversation_id,
        user_id=user_id,
        content=content,
    )


async def insert_answer(
    tx: Transaction,
    *,
    customer_id: UUID,
    user_id: UUID,
    asked: Asked,
    provider_id: UUID | None,
    model: str,
    request_id: UUID,
) -> None:
    await tx.run(
        """
        insert into ai_messages (customer_id, id, conversation_id, user_id, role, status, question_id,
            ai_provider_id, model_used, request_id)
        values (%(customer_id)s, %(id)s, %(conversation_id)s, %(user_id)s, 'assistant', 'streaming',
            %(question_id)s, %(provider_id)s, %(model)s, %(request_id)s)
        """,
        customer_id=customer_id,
        id=asked.message_id,
        conversation_id=asked.conversation_id,
        user_id=user_id,
        question_id=asked.question_id,
        provider_id=provider_id,
        model=model[:100],
        request_id=request_id,
    )


async def reopen(tx: Transaction, id: UUID, request_id: UUID) -> None:
    """Another call of the same turn has reserved: the sweeper must settle that one."""
    await tx.run(
        "update ai_messages set request_id = %(request_id)s where id = %(id)s", id=id, request_id=request_id
    )


async def close(tx: Transaction, id: UUID, ending: Ending) -> Message | None:
    """None where the answer was deleted, or closed by the sweeper, in the meantime."""
    return await tx.maybe(
        Message,
        """
        update ai_messages set
            status = %(status)s, content = %(content)s, model_used = %(model_used)s,
            error_code = %(error_code)s, finish_reason = %(finish_reason)s, tokens_input = %(tokens_input)s,
            tokens_cached = %(tokens_cached)s, tokens_output = %(tokens_output)s,
            is_estimated = %(is_estimated)s, estimated_cost = %(estimated_cost)s::numeric,
            latency_ms = %(latency_ms)s, time_to_first_token_ms = %(time_to_first_token_ms)s
        where id = %(id)s and status = 'streaming'
        returning id, conversation_id, role, content, tokens_input, tokens_output, model_used,
            latency_ms, status, error_code, is_estimated, finish_reason, created_at, tokens_cached,
            time_to_first_token_ms,
            estimated_cost, question_id
        """,
        id=id,
        status=ending.status,
        content=ending.content,
        model_used=ending.model_used[:100],
        error_code=ending.error_code,
        finish_reason=ending.finish_reason,
        tokens_input=ending.tokens_input,
        tokens_cached=ending.tokens_cached,
        tokens_output=ending.tokens_output,
        is_estimated=ending.is_estimated,
        estimated_cost=ending.estimated_cost and Decimal(ending.estimated_cost),
        latency_ms=ending.latency_ms,
        time_to_first_token_ms=ending.time_to_first_token_ms,
    )


async def history(tx: Transaction, conversation_id: UUID, limit: int = 40) -> list[Past]:
    """The newest messages with text, oldest first."""
    return await tx.all(
        Past,
        """
        select role, content from (
            select id, role, content from ai_messages
            where conversation_id = %(conversation_id)s and role in ('user', 'assistant') and content <> ''
                and status <> 'streaming'
            order by id desc limit %(limit)s
        ) newest order by id
        """,
        conversation_id=conversation_id,
        limit=limit,
    )


async def listed(
    tx: Transaction, conversation_id: UUID, *, after: UUID | None = None, limit: int = 200
) -> list[Message]:
    return await tx.all(
        Message,
        """
        select id, conversation_id, role, content, tokens_input, tokens_output, model_used,
            latency_ms, status, error_code, is_estimated, finish_reason, created_at, tokens_cached,
            time_to_first_token_ms,
            estimated_cost, question_id
        from ai_messages
        where conversation_id = %(conversation_id)s and (%(after)s::uuid is null or id > %(after)s)
        order by id limit %(limit)s
        """,
        conversation_id=conversation_id,
        after=after,
        limit=limit,
    )


async def latest(tx: Transaction, conversation_id: UUID, *, limit: int) -> list[Message]:
    """The end of the conversation, oldest first."""
    return await tx.all(
        Message,
        """
        select * from (
            select id, conversation_id, role, content, tokens_input, tokens_output, model_used,
            latency_ms, status, error_code, is_estimated, finish_reason, created_at, tokens_cached,
                time_to_first_token_ms, estimated_cost, question_id
            from ai_messages where conversation_id = %(conversation_id)s order by id desc limit %(limit)s
        ) newest order by id
        """,
        conversation_id=conversation_id,
        limit=limit,
    )


async def one(tx: Transaction, user_id: UUID, id: UUID) -> Message | None:
    return await tx.maybe(
        Message,
        """
        select id, conversation_id, role, content, tokens_input, tokens_output, model_used,
            latency_ms, status, error_code, is_estimated, finish_reason, created_at, tokens_cached,
            time_to_first_token_ms,
            estimated_cost, question_id
        from ai_messages where id = %(id)s and user_id = %(user_id)s
        """,
        id=id,
        user_id=user_id,
    )


async def running(tx: Transaction, conversation_id: UUID) -> list[UUID]:
    return await tx.values(
        "select id from ai_messages where conversation_id = %(id)s and status = 'streaming'",
        id=conversation_id,
    )
