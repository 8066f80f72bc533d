"""Writing provider rows; a key arrives as our own ciphertext and gets pgcrypto's layer here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.db.transaction import Transaction
from aidecamp.providers.store.rows import Row
from aidecamp.providers.vault import Sealed


async def add(tx: Transaction, row: Row) -> None:
    await tx.run(
        """insert into ai_providers (customer_id, id, user_id, name, provider_type, api_endpoint, model_name,
                                     config, is_default, is_active)
           values (%(customer_id)s, %(id)s, %(user_id)s, %(name)s, %(provider_type)s, %(api_endpoint)s,
                   %(model_name)s, %(config)s, %(is_default)s, %(is_active)s)""",
        customer_id=row.customer_id,
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        provider_type=row.provider_type,
        api_endpoint=row.api_endpoint,
        model_name=row.model_name,
        config=Jsonb(row.config),
        is_default=row.is_default,
        is_active=row.is_active,
    )


async def change(tx: Transaction, row: Row, *, wipe_key: bool, forget_test: bool) -> None:
    """Write a changed row; a key that may not stay is wiped in the same statement."""
    await tx.run(
        """update ai_providers
              set name = %(name)s, provider_type = %(provider_type)s, api_endpoint = %(api_endpoint)s,
                  model_name = %(model_name)s, config = %(config)s, is_default = %(is_default)s,
                  is_active = %(is_active)s, version = version + 1, updated_at = now(),
                  capabilities = %(capabilities)s,
                  api_key = case when %(wipe)s then null else api_key end,
                  key_id = case when %(wipe)s then null else key_id end,
                  key_hint = case when %(wipe)s then null else key_hint end,
                  last_test = case when %(forget)s then null else last_test end
            where customer_id = %(customer_id)s and id = %(id)s""",
        customer_id=row.customer_id,
        id=row.id,
        name=row.name,
        provider_type=row.provider_type,
        api_endpoint=row.api_endpoint,
        model_name=row.model_name,
        config=Jsonb(row.config),
        is_default=row.is_default,
        is_active=row.is_active,
        capabilities=Jsonb(row.capabilities),
        wipe=wipe_key,
        forget=forget_test,
    )


async def put_key(
    tx: Transaction, customer_id: UUID, provider_id: UUID, sealed: Sealed, passphrase: str, hint: str
) -> None:
    """Add pgcrypto's layer around our ciphertext: the database sees nothing usable, before or after."""
    await tx.run(
        """update ai_providers
              set api_key = armor(pgp_sym_encrypt_bytea(%(ciphertext)s, %(passphrase)s,
                                                        'cipher-algo=aes256, s2k-mode=1')),
                  key_id = %(kid)s, key_hint = %(hint)s, version = version + 1, updated_at = now()
            where customer_id = %(customer_id)s and id = %(provider_id)s""",
        customer_id=customer_id,
        provider_id=provider_id,
        ciphertext=sealed.ciphertext,
        passphrase=passphrase,
        kid=sealed.kid,
        hint=hint,
    )


async def hold(tx: Transaction, customer_id: UUID, user_id: UUID) -> None:
    """One change of a person's providers at a time: the default and the number stay true."""
    await tx.run(
        "select from users where customer_id = %(customer_id)s and id = %(user_id)s for no key update",
        customer_id=customer_id,
        user_id=user_id,
    )


async def promote(tx: Transaction, customer_id: UUID, user_id: UUID) -> None:
    """Where no default is left, the newest active provider becomes it."""
    await tx.run(
        """update ai_providers set is_default = true
            where customer_id = %(customer_id)s
              and id = (select id from ai_providers
                         where customer_id = %(customer_id)s and user_id = %(user_id)s and is_active
                         order by id desc limit 1)
              and not exists (select from ai_providers
                               where customer_id = %(customer_id)s and user_id = %(user_id)s
                                 and is_default)""",
        customer_id=customer_id,
        user_id=user_id,
    )


async def undefault(tx: Transaction, customer_id: UUID, user_id: UUID, keep: UUID) -> None:
    await tx.run(
        """update ai_providers set is_default = false, updated_at = now()
            where customer_id = %(customer_id)s and user_id = %(user_id)s
              and is_default and id <> %(keep)s""",
        customer_id=customer_id,
        user_id=user_id,
        keep=keep,
    )


async def count(tx: Transaction, customer_id: UUID, user_id: UUID) -> tuple[int, int]:
    """How many providers this person has, and how many of them are a default (0 or 1)."""
    found = await tx.values(
        """select is_default from ai_providers
            where customer_id = %(customer_id)s and user_id = %(user_id)s""",
        customer_id=customer_id,
        user_id=user_id,
    )
    return len(found), sum(found)


async def remove(tx: Transaction, customer_id: UUID, provider_id: UUID) -> None:
    await tx.run(
        "delete from ai_providers where customer_id = %(customer_id)s and id = %(provider_id)s",
        customer_id=customer_id,
        provider_id=provider_id,
    )


async def note_test(
    tx: Transaction,
    customer_id: UUID,
    provider_id: UUID,
    version: int,
    result: dict[str, Any],
    capabilities: dict[str, Any],
) -> None:
    """Keep a test's result, unless the provider changed while it ran."""
    await tx.run(
        """update ai_providers set last_test = %(result)s, capabilities = %(capabilities)s
            where customer_id = %(customer_id)s and id = %(provider_id)s and version = %(version)s""",
        customer_id=customer_id,
        provider_id=provider_id,
        version=version,
        result=Jsonb(result),
        capabilities=Jsonb(capabilities),
    )
