"""The staging tables of an import: filled by COPY, merged set by set, gone with the transaction."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from aidecamp.db.transaction import Transaction


async def begin(tx: Transaction) -> None:
    """One import of a customer at a time, with the time and the memory that sets of rows need."""
    await tx.run(
        """
        select set_config('statement_timeout', '1800000', true), set_config('lock_timeout', '600000', true),
               set_config('work_mem', '64MB', true)
        """
    )
    await tx.run(
        "select pg_advisory_xact_lock(hashtextextended('import:' || current_setting('app.customer'), 0))"
    )


# COPY into a table with row-level security is refused by PostgreSQL; into a temporary one it is not.
async def contacts(tx: Transaction, blocks: AsyncIterable[bytes]) -> None:
    await tx.run(
        """
        create temporary table staged_contacts (
            line integer, id uuid, key text, email text, phone text, first_name text, last_name text,
            attributes jsonb, email_consent boolean, sms_consent boolean
        ) on commit drop
        """
    )
    await _fill(tx.copy("copy staged_contacts from stdin (null '')"), blocks)
    await tx.run("analyze staged_contacts")


async def events(tx: Transaction, blocks: AsyncIterable[bytes]) -> None:
    await tx.run(
        """
        create temporary table staged_events (
            line integer, contact text, email text, phone text, campaign text, kind event_kind,
            channel channel, occurred_at timestamptz, value numeric(14, 2), event_key text
        ) on commit drop
        """
    )
    await _fill(tx.copy("copy staged_events from stdin (null '')"), blocks)
    await tx.run("analyze staged_events")


async def campaigns(tx: Transaction, blocks: AsyncIterable[bytes]) -> None:
    await tx.run(
        """
        create temporary table staged_campaigns (
            line integer, id uuid, key text, name text, channel channel, status text, content jsonb,
            audience text, sent_at timestamptz, is_simulated boolean
        ) on commit drop
        """
    )
    await _fill(tx.copy("copy staged_campaigns from stdin (null '')"), blocks)


async def clear_contacts(tx: Transaction) -> None:
    """So that one transaction may load twice."""
    await tx.run("drop table if exists staged_contacts, aimed_contacts, final_contacts")


async def clear_events(tx: Transaction) -> None:
    await tx.run("drop table staged_events, event_people, event_campaigns, ready_events")


async def clear_campaigns(tx: Transaction) -> None:
    await tx.run("drop table staged_campaigns")


async def _fill(copy: Any, blocks: AsyncIterable[bytes]) -> None:
    async with copy as stream:
        async for block in blocks:
            await stream.write(block)
