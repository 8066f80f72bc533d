"""Connecting, changing and removing a provider: the rules about keys, places, defaults and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.egress import Endpoint, EndpointInvalid
from aidecamp.errors import Conflict, Invalid
from aidecamp.providers import access, catalog, store
from aidecamp.providers.catalog import KINDS, Kind
from aidecamp.providers.models import ProviderType
from aidecamp.providers.store import Row
from aidecamp.providers.vault import Binding, Secret, Vault, entered, hint

MOST_PROVIDERS = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """A provider as a person enters it. `api_key` None = none is given."""

    name: str | None
    provider_type: ProviderType
    api_endpoint: str | None
    api_key: str | None
    model_name: str
    config: Mapping[str, Any]
    is_default: bool = False
    is_active: bool = True

    @property
    def kind(self) -> Kind:
        return KINDS[self.provider_type]

    def endpoint(self) -> Endpoint:
        """Where it leads; EndpointInvalid where it is missing or can't be one."""
        written = catalog.endpoint_of(self.kind, self.api_endpoint)
        if written is None:
            raise EndpointInvalid("is required for this type of provider")
        return Endpoint.parse(written)

    def key(self) -> Secret | None:
        return None if self.api_key is None else entered(self.api_key)

    def check(self) -> None:
        """What can be known without the network: parameters of the dialect, the key's form and presence."""
        unknown = sorted(set(self.config.get("extra") or {}) - catalog.EXTRAS[self.kind.dialect.__name__])
        if unknown:
            message = f"{', '.join(unknown)}: not a parameter of this type of provider."
            raise Invalid(message, errors=[{"field": "config.extra", "message": message}])
        if self.config.get("api_version") and self.provider_type != "azure_openai":
            message = "Only Azure OpenAI has an API version."
            raise Invalid(message, errors=[{"field": "config.api_version", "message": message}])
        self.key()


@dataclass(frozen=True, slots=True)
class Change:
    """The fields that a person gave, by name; `api_key` None = take the key away.

    `config` is merged into what is stored; a parameter given as None is taken out.
    """

    given: Mapping[str, Any]

    def onto(self, row: Row) -> Wish:
        old = Wish(
            row.name, row.provider_type, row.api_endpoint, None, row.model_name, row.config,
            row.is_default, row.is_active,
        )  # fmt: skip
        merged = {**row.config, **self.given.get("config", {})}
        config = {name: value for name, value in merged.items() if value is not None}
        return replace(old, **{**self.given, "config": config})


async def connect(tx: Transaction, actor: Actor, vault: Vault, wish: Wish) -> Row:
    """Save a new provider. The endpoint was looked at before; the first active one becomes the default."""
    wish.check()
    endpoint, key = wish.endpoint(), wish.key()
    if wish.kind.needs_key and key is None and wish.is_active:
        raise key_missing(wish.kind)
    await store.hold(tx, actor.customer_id, actor.person)
    number, defaults = await store.count(tx, actor.customer_id, actor.person)
    if number >= MOST_PROVIDERS:
        raise Conflict(f"You have {number} providers; remove one first.")
    is_default = wish.is_active and (wish.is_default or not defaults)
    row = Row(
        actor.customer_id, new_id(), actor.person, wish.name or wish.kind.label, wish.provider_type,
        _kept(wish), None, None, wish.model_name, dict(wish.config), {}, is_default, wish.is_active,
        None, 1, datetime.now(UTC), datetime.now(UTC),
    )  # fmt: skip
    if is_default:
        await store.undefault(tx, actor.customer_id, actor.person, row.id)
    await store.add(tx, row)
    if key is not None:
        await _seal(tx, vault, row, endpoint, key)
    await audit.record(
        tx,
        actor,
        "provider.connect",
        "provider",
        row.id,
        provider_type=row.provider_type,
        key=key is not None,
    )
    return await access.own(tx, actor, row.id)


async def change(tx: Transaction, actor: Actor, vault: Vault, provider_id: UUID, wanted: Change) -> Row:
    """Change what was given. A key never follows its provider to another place: it is wiped with the move."""
    await store.hold(tx, actor.customer_id, actor.person)
    row = await access.own(tx, actor, provider_id)
    wish = wanted.onto(row)
    wish.check()
    endpoint, key = wish.endpoint(), wish.key()
    moved = (wish.provider_type, endpoint) != (row.provider_type, row.endpoint)
    wiped = row.has_key and (moved or "api_key" in wanted.given)
    keyless = key is None and (wiped or not row.has_key)
    if wanted.given.get("is_active") and not row.is_active and keyless and wish.kind.needs_key:
        raise key_missing(wish.kind)
    is_active = wish.is_active and not (keyless and (wiped or wish.kind.needs_key))
    changed = replace(
        row,
        name=wish.name or row.name,
        provider_type=wish.provider_type,
        api_endpoint=_kept(wish),
        model_name=wish.model_name,
        config=dict(wish.config),
        capabilities={} if moved or wish.model_name != row.model_name else row.capabilities,
        is_active=is_active,
        is_default=wish.is_default and is_active,
    )
    if changed.is_default:
        await store.undefault(tx, actor.customer_id, actor.person, row.id)
    await store.change(tx, changed, wipe_key=wiped, forget_test=moved)
    if key is not None:
        await _seal(tx, vault, changed, endpoint, key)
    if not changed.is_default:
        await store.promote(tx, actor.customer_id, actor.person)
    await audit.record(
        tx,
        actor,
        "provider.change",
        "provider",
        row.id,
        fields=sorted(wanted.given),
        key_wiped=wiped,
        moved=moved,
    )
    return await access.own(tx, actor, provider_id)


async def remove(tx: Transaction, actor: Actor, provider_id: UUID) -> None:
    """The row and its key go; what was used through it stays in the books."""
    await store.hold(tx, actor.customer_id, actor.person)
    row = await access.own(tx, actor, provider_id)
    await store.remove(tx, actor.customer_id, row.id)
    await store.promote(tx, actor.customer_id, actor.person)
    await audit.record(tx, actor, "provider.remove", "provider", row.id, provider_type=row.provider_type)


def key_missing(kind: Kind) -> Invalid:
    message = f"{kind.label} needs an API key."
    return Invalid(message, errors=[{"field": "api_key", "message": message}])


def _kept(wish: Wish) -> str | None:
    """What is stored: nothing for the vendor's own address, so that it may move with the product."""
    return wish.endpoint().url if wish.api_endpoint else None


async def _seal(tx: Transaction, vault: Vault, row: Row, endpoint: Endpoint, key: Secret) -> None:
    binding = Binding(row.customer_id, row.user_id, row.id, row.provider_type, endpoint)
    sealed = vault.seal(key, binding)
    await store.put_key(tx, row.customer_id, row.id, sealed, vault.passphrase(sealed.kid), hint(key))
