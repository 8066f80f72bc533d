"""Keys: sealed twice, opened only where they belong, never written anywhere in the clear."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.egress import Endpoint
from aidecamp.providers import store
from aidecamp.providers.connections import Change, Wish, change, connect
from aidecamp.providers.rotation import rotate
from aidecamp.providers.vault import (
    Binding,
    KeyUnreadable,
    MasterKeyError,
    MasterKeys,
    Secret,
    Vault,
    hint,
    master_keys,
    verify,
)
from aidecamp.settings import Settings
from tests.people import Cast, Person

from .conftest import KEY, MASTER, OLDER

PLACE = Endpoint.parse("https://api.openai.com/v1")
BINDING = Binding(new_id(), new_id(), new_id(), "openai", PLACE)
WISH = Wish("Mine", "openai", None, KEY, "gpt-5-mini", {"max_tokens": 2000})


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
def test_what_is_sealed_opens_to_the_same(key: str) -> None:
    vault = Vault(MasterKeys.parse(MASTER))
    sealed = vault.seal(Secret(key), BINDING)
    assert vault.open(sealed, BINDING).reveal() == key
    assert len(key) < 6 or key.encode() not in sealed.ciphertext


@pytest.mark.parametrize(
    "other",
    [
        replace(BINDING, customer_id=new_id()),
        replace(BINDING, user_id=new_id()),
        replace(BINDING, provider_id=new_id()),
        replace(BINDING, provider_type="custom"),
        replace(BINDING, endpoint=Endpoint.parse("http://api.openai.com/v1")),
        replace(BINDING, endpoint=Endpoint.parse("https://evil.example.com/v1")),
        replace(BINDING, endpoint=Endpoint.parse("https://api.openai.com:444/v1")),
        replace(BINDING, endpoint=Endpoint.parse("https://api.openai.com/v2")),
    ],
)
def test_KEY_18_a_key_opens_for_its_own_row_and_endpoint_only(vault: Vault, other: Binding) -> None:
    sealed = vault.seal(Secret(KEY), BINDING)
    with pytest.raises(KeyUnreadable):
        vault.open(sealed, other)


@dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize(("key", "shown"), [("sk-abcdWXYZ", "WXYZ"), ("abcd1234", "1234"), ("sk-1234", "")])
def test_a_hint_shows_at_most_half_of_a_key(key: str, shown: str) -> None:
    assert hint(Secret(key)) == shown


def test_KEY_23_a_secret_can_not_be_shown_or_copied() -> None:
    secret = Secret(KEY)
    shown = f"{secret} {secret!r} {secret!s:>20} {Holder(secret)} {[secret]} {vars(Holder(secret))}"
    try:
        raise ValueError(secret)
    except ValueError:
        shown += traceback.format_exc()
    assert KEY[:8] not in shown
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, vars):
        with pytest.raises(TypeError):
            attempt(secret)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "k1", "k1:short", "k1:!!", f"{MASTER},{MASTER}", f"k 1:{MASTER[3:]}"])
def test_a_malformed_master_key_is_one_sentence(text: str) -> None:
    with pytest.raises(MasterKeyError, match="AIDECAMP_MASTER_KEYS"):
        MasterKeys.parse(text)


def test_the_embedded_database_gets_a_master_key_of_its_own(tmp_path: Path) -> None:
    first, again = master_keys(Settings(home=tmp_path)), master_keys(Settings(home=tmp_path))
    assert first.derive("k1", "x") == again.derive("k1", "x")
    assert (tmp_path / "master-keys").stat().st_mode & 0o777 == 0o600
    with pytest.raises(MasterKeyError, match="not set"):
        master_keys(Settings(home=tmp_path, database_url="postgresql://elsewhere/x"))


async def test_KEY_21_a_wrong_or_missing_master_key_is_refused(database: Database) -> None:
    async with database.outside() as tx:
        await verify(tx, Vault(MasterKeys.parse(MASTER)))
        await verify(tx, Vault(MasterKeys.parse(MASTER)))
        with pytest.raises(MasterKeyError, match="not the one"):
            await verify(tx, Vault(MasterKeys.parse(f"k1:{OLDER[3:]}")))
        with pytest.raises(MasterKeyError, match="not given"):
            await verify(tx, Vault(MasterKeys.parse(OLDER)))
        await verify(tx, Vault(MasterKeys.parse(f"{OLDER},{MASTER}")))


async def saved(database: Database, person: Person, vault: Vault) -> UUID:
    async with database.customer(person.actor) as tx:
        return (await connect(tx, person.actor, vault, WISH)).id


async def opened(database: Database, person: Person, vault: Vault, provider_id: UUID) -> str:
    async with database.customer(person.actor) as tx:
        row = await store.saved(
            tx, person.actor.customer_id, person.id, provider_id, vault.kids, vault.passphrases
        )
    assert row is not None
    binding = Binding(row.customer_id, row.user_id, row.id, row.provider_type, row.endpoint)
    return vault.open(row.sealed(), binding).reveal()


async def test_KEY_03_KEY_26_the_database_holds_a_pgcrypto_message_around_our_ciphertext(
    database: Database, cast: Cast, vault: Vault
) -> None:
    one = await saved(database, cast.user, vault)
    async with database.customer(cast.user.actor) as tx:
        stored = await tx.value("select to_jsonb(p)::text from ai_providers p")
        message = await tx.value("select api_key from ai_providers")
    assert message.startswith("-----BEGIN PGP MESSAGE-----")
    for half in (KEY, KEY[:16], KEY[-16:], base64.b64encode(KEY.encode()).decode()):
        assert half not in stored
    assert await opened(database, cast.user, vault, one) == KEY


async def test_KEY_18_a_ciphertext_moved_to_another_row_does_not_open(
    database: Database, cast: Cast, vault: Vault
) -> None:
    mine, theirs = await saved(database, cast.user, vault), await saved(database, cast.colleague, vault)
    async with database.customer(cast.user.actor) as tx:
        await tx.run(
            """update ai_providers set api_key = (select api_key from ai_providers where id = %(mine)s)
                where id = %(theirs)s""",
            mine=mine,
            theirs=theirs,
        )
    with pytest.raises(KeyUnreadable):
        await opened(database, cast.colleague, vault, theirs)


async def test_KEY_11_the_row_of_a_moved_provider_holds_no_key(
    database: Database, cast: Cast, vault: Vault
) -> None:
    one, actor = await saved(database, cast.user, vault), cast.user.actor
    async with database.customer(actor) as tx:
        await change(tx, actor, vault, one, Change({"api_endpoint": "https://evil.example.com/v1"}))
        held = await tx.value("select api_key is null and key_id is null and not is_active from ai_providers")
    assert held


async def test_KEY_20_rotation_reseals_every_key_and_retires_the_old_master_key(
    database: Database, cast: Cast
) -> None:
    old = Vault(MasterKeys.parse(OLDER))
    people = (cast.user, cast.colleague, cast.stranger)
    ids = [await saved(database, person, old) for person in people]
    async with database.outside() as tx:
        await verify(tx, old)
    both, new = Vault(MasterKeys.parse(f"{MASTER},{OLDER}")), Vault(MasterKeys.parse(MASTER))
    async with database.outside() as tx:
        await verify(tx, both)
        with pytest.raises(MasterKeyError):
            await verify(tx, new)
    assert [await opened(database, p, both, i) for p, i in zip(people, ids, strict=True)] == [KEY] * 3
    assert await rotate(database, both) == 3
    assert await rotate(database, both) == 0
    async with database.outside() as tx:
        await verify(tx, new)
    assert [await opened(database, p, new, i) for p, i in zip(people, ids, strict=True)] == [KEY] * 3
    with pytest.raises(KeyUnreadable):
        await opened(database, cast.user, old, ids[0])
