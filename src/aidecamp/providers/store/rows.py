"""Provider rows as they are read; a key only as our inner ciphertext."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aidecamp.db.transaction import Transaction
from aidecamp.egress import Endpoint
from aidecamp.providers import catalog
from aidecamp.providers.models import Provider, ProviderType
from aidecamp.providers.vault import Sealed


@dataclass(frozen=True, slots=True)
class Row:
    """A provider as it is stored, without its key."""

    customer_id: UUID
    id: UUID
    user_id: UUID
    name: str
    provider_type: ProviderType
    api_endpoint: str | None
    key_hint: str | None
    key_id: str | None
    model_name: str
    config: dict[str, Any]
    capabilities: dict[str, Any]
    is_default: bool
    is_active: bool
    last_test: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def endpoint(self) -> Endpoint:
        written = catalog.endpoint_of(catalog.KINDS[self.provider_type], self.api_endpoint)
        assert written is not None, "an endpoint was checked when it was saved"
        return Endpoint.parse(written)

    @property
    def has_key(self) -> bool:
        return self.key_id is not None


@dataclass(frozen=True, slots=True)
class Callable(Row):
    """The same with the inner ciphertext of its key."""

    ciphertext: bytes | None

    def sealed(self) -> Sealed:
        """Empty where the master key of pgcrypto's layer is not at hand: opening it refuses then."""
        return Sealed(self.key_id or "", bytes(self.ciphertext or b""))

    def provider(self) -> Provider:
        return Provider(
            self.id,
            self.customer_id,
            self.user_id,
            self.name,
            self.provider_type,
            self.endpoint,
            self.model_name,
            self.config,
            catalog.capabilities(self.provider_type, self.model_name, self.capabilities),
            self.sealed() if self.has_key else None,
            self.version,
        )


async def own(tx: Transaction, customer_id: UUID, user_id: UUID, provider_id: UUID) -> Row | None:
    return await tx.maybe(
        Row,
        """select customer_id, id, user_id, name, provider_type, api_endpoint, key_hint, key_id, model_name,
                  config, capabilities, is_default, is_active, last_test, version, created_at, updated_at
             from ai_providers
            where customer_id = %(customer_id)s and user_id = %(user_id)s and id = %(provider_id)s
              for no key update""",
        customer_id=customer_id,
        user_id=user_id,
        provider_id=provider_id,
    )


async def listed(
    tx: Transaction, customer_id: UUID, user_id: UUID, limit: int, before: UUID | None
) -> list[Row]:
    """The newest first; `before` is the last id of the page before."""
    return await tx.all(
        Row,
        """select customer_id, id, user_id, name, provider_type, api_endpoint, key_hint, key_id, model_name,
                  config, capabilities, is_default, is_active, last_test, version, created_at, updated_at
             from ai_providers
            where customer_id = %(customer_id)s and user_id = %(user_id)s
              and (%(before)s::uuid is null or id < %(before)s)
            order by id desc limit %(limit)s""",
        customer_id=customer_id,
        user_id=user_id,
        limit=limit,
        before=before,
    )


async def active(
    tx: Transaction,
    customer_id: UUID,
    user_id: UUID,
    provider_id: UUID | None,
    kids: list[str],
    passphrases: list[str],
) -> Callable | None:
    """The named provider if it is active, else the default, else the newest; without pgcrypto's layer."""
    return await tx.maybe(
        Callable,
        """select customer_id, id, user_id, name, provider_type, api_endpoint, key_hint, key_id, model_name,
                  config, capabilities, is_default, is_active, last_test, version, created_at, updated_at,
                  pgp_sym_decrypt_bytea(dearmor(api_key),
                      (%(passphrases)s::text[])[array_position(%(kids)s::text[], key_id)]) as ciphertext
             from ai_providers
            where customer_id = %(customer_id)s and user_id = %(user_id)s and is_active
            order by id is not distinct from %(provider_id)s::uuid desc, is_default desc, id desc limit 1""",
        customer_id=customer_id,
        user_id=user_id,
        provider_id=provider_id,
        kids=kids,
        passphrases=passphrases,
    )


async def saved(
    tx: Transaction,
    customer_id: UUID,
    user_id: UUID,
    provider_id: UUID,
    kids: list[str],
    passphrases: list[str],
) -> Callable | None:
    """A person's own provider with its key, active or not: for its test."""
    return await tx.maybe(
        Callable,
        """select customer_id, id, user_id, name, provider_type, api_endpoint, key_hint, key_id, model_name,
                  config, capabilities, is_default, is_active, last_test, version, created_at, updated_at,
                  pgp_sym_decrypt_bytea(dearmor(api_key),
                      (%(passphrases)s::text[])[array_position(%(kids)s::text[], key_id)]) as ciphertext
             from ai_providers
            where customer_id = %(customer_id)s and user_id = %(user_id)s and id = %(provider_id)s""",
        customer_id=customer_id,
        user_id=user_id,
        provider_id=provider_id,
        kids=kids,
        passphrases=passphrases,
    )
