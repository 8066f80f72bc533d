"""Contacts: people's own data, read by managers and up."""

from __future__ import annotations

from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.workspace.models import Contact

COLUMNS = """
    id, key, email, phone, first_name, last_name, attributes, email_consent, sms_consent,
    last_engaged_at, created_at, updated_at
"""


async def find(tx: Transaction, contact_id: UUID) -> Contact | None:
    return await tx.maybe(Contact, f"select {COLUMNS} from contacts where id = %(id)s", id=contact_id)


async def listed(
    tx: Transaction,
    *,
    search: str | None = None,
    audience_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Contact]:
    """Newest first. A search finds the beginning of an address, key, phone number or name."""
    return await tx.all(
        Contact,
        f"""
        select {COLUMNS} from contacts
        where (%(before)s::uuid is null or id < %(before)s)
          and (%(search)s::text is null or starts_with(email, lower(%(search)s))
               or starts_with(key, %(search)s) or starts_with(phone, %(search)s)
               or starts_with(lower(first_name), lower(%(search)s))
               or starts_with(lower(last_name), lower(%(search)s)))
          and (%(audience_id)s::uuid is null or id in (
               select contact_id from audience_members where audience_id = %(audience_id)s))
        order by id desc limit %(limit)s
        """,
        search=search or None,
        audience_id=audience_id,
        before=before,
        limit=limit,
    )
