"""What re-encryption under a newer master key reads and writes, one row at a time."""

from __future__ import annotations

from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.providers.store.rows import Callable
from aidecamp.providers.vault import Sealed


async def customers(tx: Transaction) -> list[UUID]:
    """Every customer that has somebody who can sign in; read outside any of them."""
    return await tx.values("select distinct customer_id from directory order by customer_id")


async def behind(tx: Transaction, customer_id: UUID, newest: str) -> list[UUID]:
    """Providers of one customer whose key an older master key sealed."""
    return await tx.values(
        """select id from ai_providers
            where customer_id = %(customer_id)s and key_id is not null and key_id <> %(newest)s
            order by id""",
        customer_id=customer_id,
        newest=newest,
    )


async def taken(
    tx: Transaction,
    customer_id: UUID,
    provider_id: UUID,
    newest: str,
    kids: list[str],
    passphrases: list[str],
) -> Callable | None:
    """The row, locked, while it is still behind."""
    return await tx.maybe(
        Callable,
        """select customer_id, id, user_id, name, provider_type, api_endpoint, key_hint, key_id, model_name,
                  config, capabilities, is_default, is_active, last_test, version, created_at, updated_at,
                  pgp_sym_decrypt_bytea(dearmor(api_key),
                      (%(passphrases)s::text[])[array_position(%(kids)s::text[], key_id)]) as ciphertext
             from ai_providers
            where customer_id = %(customer_id)s and id = %(provider_id)s
              and key_id is not null and key_id <> %(newest)s
              for no key update""",
        customer_id=customer_id,
        provider_id=provider_id,
        newest=newest,
        kids=kids,
        passphrases=passphrases,
    )


async def reseal(
    tx: Transaction, customer_id: UUID, provider_id: UUID, sealed: Sealed, passphrase: str
) -> None:
    """The same key under another master key: neither its version nor its time changes for anybody."""
    await tx.run(
        """update ai_providers
              set api_key = armor(pgp_sym_encrypt_bytea(%(ciphertext)s, %(passphrase)s,
                                                        'cipher-algo=aes256, s2k-mode=1')),
                  key_id = %(kid)s
            where customer_id = %(customer_id)s and id = %(provider_id)s""",
        customer_id=customer_id,
        provider_id=provider_id,
        ciphertext=sealed.ciphertext,
        passphrase=passphrase,
        kid=sealed.kid,
    )


async def retire(tx: Transaction, newest: str) -> None:
    """Once nothing is behind, older master keys need not be given any more."""
    await tx.run("delete from master_key_checks where kid <> %(newest)s", newest=newest)
