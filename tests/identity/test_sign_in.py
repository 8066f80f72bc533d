"""Signing in: one sentence for every failure, slowed guessing, sessions that end at once."""

from __future__ import annotations

import time

import pytest

from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.errors import Unavailable
from aidecamp.identity import passwords, sessions, throttle, tokens, users
from aidecamp.identity.models import Opened, Recognised
from aidecamp.identity.recognition import recognise
from aidecamp.identity.sign_in import NoMatch, WrongPassword, change_password, sign_in, sign_out
from tests.people import Cast, Person

HERE = "192.0.2.7"


async def signed_in(database: Database, person: Person) -> Opened:
    return await sign_in(database, person.email, person.password, HERE)


async def test_a_right_password_opens_a_session_that_is_recognised(database: Database, cast: Cast) -> None:
    opened = await sign_in(database, " User@Example.ORG ", cast.user.password, HERE)
    known = await recognise(database, opened.key, "session")
    assert known == opened.recognised
    assert known.actor == Actor(cast.customer, cast.user.id, Role.USER, "Europe/Berlin", "session")


async def test_only_the_digest_of_a_key_is_kept(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    async with database.customer(cast.user.actor) as tx:
        token, key = await tokens.issue(tx, cast.user.actor, "laptop")
        rows = await tx.values("select s::text from sessions s union all select t::text from tokens t")
        rows += await tx.values("select d::text from directory d")
    assert token.last_used_at is None
    assert rows
    assert not any(opened.key in row or key in row or key[4:] in row for row in rows)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("user@example.org", "wrong password"),
        ("nobody@example.org", "correct horse battery staple"),
        ("", "x"),
        ("not an address\r\nBcc: x", "x" * 5000),
        ("user@example.org", "correct horse battery staple\0"),
    ],
)
async def test_every_failure_has_the_same_sentence(
    database: Database, cast: Cast, email: str, password: str
) -> None:
    with pytest.raises(NoMatch) as refusal:
        await sign_in(database, email, password, HERE)
    assert refusal.value.problem() == NoMatch().problem()


async def test_a_suspended_user_gets_the_same_sentence(database: Database, cast: Cast) -> None:
    await users.change(
        database, Signals(database), cast.admin.actor, cast.user.id, users.Change(is_active=False)
    )
    with pytest.raises(NoMatch):
        await signed_in(database, cast.user)


async def test_unknown_addresses_take_as_long_as_wrong_passwords(database: Database, cast: Cast) -> None:
    real = await passwords.hash_of("a password of today's cost")

    async def seconds(known_hash: str | None) -> float:
        began = time.perf_counter()
        for _ in range(3):
            await passwords.verify("guess", known_hash)
        return time.perf_counter() - began

    wrong, unknown = await seconds(real), await seconds(None)
    assert 1 / 3 < unknown / wrong < 3


async def test_auth_16_guessing_one_account_is_slowed_wherever_it_comes_from(
    database: Database, cast: Cast
) -> None:
    for n in range(int(throttle.PER_ACCOUNT)):
        with pytest.raises(NoMatch):
            await sign_in(database, cast.user.email, f"guess {n}", f"198.51.100.{n}")
    with pytest.raises(throttle.TooManyGuesses) as refusal:
        await sign_in(database, cast.user.email, cast.user.password, "203.0.113.1")
    assert refusal.value.retry_after is not None
    assert 1 <= refusal.value.retry_after <= 61
    await signed_in(database, cast.colleague)


async def test_auth_16_guessing_many_accounts_from_one_address_is_slowed(database: Database) -> None:
    for n in range(int(throttle.PER_ADDRESS)):
        await throttle.take(database, f"account {n}".encode(), "2001:db8::1")
    with pytest.raises(throttle.TooManyGuesses):
        await throttle.take(database, b"another", "2001:db8::ffff")
    await throttle.take(database, b"another", "2001:db8:0:1::1")


async def test_dos_12_the_limiter_refuses_before_hashing(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> tuple[bool, None]:
        raise AssertionError("a password was hashed")

    for n in range(int(throttle.PER_ADDRESS)):
        await throttle.take(database, f"account {n}".encode(), HERE)
    monkeypatch.setattr(passwords, "verify", never)
    with pytest.raises(throttle.TooManyGuesses):
        await signed_in(database, cast.user)


async def test_right_passwords_do_not_use_attempts_up(database: Database, cast: Cast) -> None:
    for _ in range(int(throttle.PER_ACCOUNT) + 3):
        await signed_in(database, cast.user)


async def test_signing_out_ends_the_session_at_once(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    await sign_out(database, Signals(database), opened.recognised)
    assert await recognise(database, opened.key, "session") is None


async def test_auth_03_a_suspended_user_is_no_longer_recognised(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    async with database.customer(cast.user.actor) as tx:
        _, key = await tokens.issue(tx, cast.user.actor, "laptop")
    await users.change(
        database, Signals(database), cast.admin.actor, cast.user.id, users.Change(is_active=False)
    )
    assert await recognise(database, opened.key, "session") is None
    assert await recognise(database, key, "token") is None
    await users.change(
        database, Signals(database), cast.admin.actor, cast.user.id, users.Change(is_active=True)
    )
    assert await recognise(database, opened.key, "session") is None


async def test_auth_04_a_changed_password_ends_all_other_sessions(database: Database, cast: Cast) -> None:
    here, elsewhere = await signed_in(database, cast.user), await signed_in(database, cast.user)
    bystander = await signed_in(database, cast.colleague)
    await change_password(
        database, Signals(database), here.recognised, cast.user.password, "a new password", HERE
    )
    assert await recognise(database, here.key, "session") is not None
    assert await recognise(database, elsewhere.key, "session") is None
    assert await recognise(database, bystander.key, "session") is not None
    with pytest.raises(NoMatch):
        await signed_in(database, cast.user)
    await sign_in(database, cast.user.email, "a new password", HERE)


async def test_auth_04_a_reset_password_ends_every_session(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    await users.change(
        database, Signals(database), cast.admin.actor, cast.user.id, users.Change(password="handed over once")
    )
    assert await recognise(database, opened.key, "session") is None


async def test_changing_a_password_needs_the_present_one(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    with pytest.raises(WrongPassword):
        await change_password(
            database, Signals(database), opened.recognised, "not it", "a new password", HERE
        )
    with pytest.raises(passwords.WeakPassword):
        await change_password(
            database, Signals(database), opened.recognised, cast.user.password, "short", HERE
        )
    await signed_in(database, cast.user)


async def test_auth_10_a_new_role_holds_from_the_next_request(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.manager)
    await users.change(
        database, Signals(database), cast.admin.actor, cast.manager.id, users.Change(role=Role.VIEWER)
    )
    known = await recognise(database, opened.key, "session")
    assert known is not None
    assert known.actor.role is Role.VIEWER


async def test_auth_06_expired_and_misused_keys_are_nobody(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    async with database.customer(cast.user.actor) as tx:
        _, key = await tokens.issue(tx, cast.user.actor, "laptop")
    assert await recognise(database, opened.key, "token") is None
    assert await recognise(database, key, "session") is None
    async with database.customer(cast.user.actor) as tx:
        await tx.run("update tokens set expires_at = now() - interval '1 second'")
    assert await recognise(database, key, "token") is None
    assert await recognise(database, opened.key, "session") is not None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "adc_",
        "' or 1=1 --",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        "adc_" + "A" * 43,
        "A" * 43,
        "\ud800",
    ],
)
async def test_auth_18_strange_keys_are_nobody(database: Database, cast: Cast, key: str) -> None:
    assert await recognise(database, key, "token") is None
    assert await recognise(database, key, "session") is None


async def test_auth_19_a_database_that_can_not_say_is_a_refusal(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    await database.close()
    with pytest.raises(Unavailable):
        await recognise(database, opened.key, "session")


async def test_a_session_in_use_is_renewed_but_not_for_ever(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)

    async def days_left(after: str) -> float:
        async with database.customer(cast.user.actor) as tx:
            await tx.run(
                "update sessions set created_at = now() - %(after)s::interval, "
                "expires_at = now() + interval '1 day'",
                after=after,
            )
        assert await recognise(database, opened.key, "session") is not None
        async with database.customer(cast.user.actor) as tx:
            same = await tx.value(
                "select s.expires_at = d.expires_at from sessions s join directory d on d.object_id = s.id"
            )
            assert same
            return float(
                await tx.value("select extract(epoch from expires_at - now()) / 86400 from sessions")
            )

    assert await days_left("6 days") == pytest.approx(7, abs=0.01)
    assert await days_left("29 days") == pytest.approx(1, abs=0.01)


async def test_sign_ins_and_refusals_are_on_the_trail(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.user)
    with pytest.raises(NoMatch):
        await sign_in(database, cast.user.email, "wrong", HERE)
    async with database.customer(cast.user.actor) as tx:
        rows = await tx.values("select action || ' ' || outcome from audit_entries order by id")
        text = await tx.values("select e::text from audit_entries e")
    assert rows == ["session.begin ok", "session.begin refused"]
    assert not any(secret in row for row in text for secret in (cast.user.email, opened.key))


async def test_sessions_of_others_are_not_ended(database: Database, cast: Cast) -> None:
    opened = await signed_in(database, cast.colleague)
    forged = Recognised(cast.stranger.actor, "session", opened.recognised.key_id)
    await sign_out(database, Signals(database), forged)
    async with database.customer(cast.stranger.actor) as tx:
        await sessions.end(tx, cast.stranger.actor, opened.recognised.key_id)
    assert await recognise(database, opened.key, "session") is not None
