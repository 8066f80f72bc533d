"""Signing in by password, and changing it."""

from __future__ import annotations

import hashlib

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.errors import Invalid, Unauthenticated
from aidecamp.identity import addresses, passwords, sessions, throttle
from aidecamp.identity.models import Account, Opened, Recognised
from aidecamp.identity.revocation import tell
from aidecamp.identity.store import directory, users


class NoMatch(Unauthenticated):
    """The same for an unknown address, a wrong password and a suspended user."""

    title = "This e-mail address and password don't belong together"
    help = "Check both; an admin of your team can set a new password."


class WrongPassword(Invalid):
    title = "This is not your present password"


async def sign_in(database: Database, email: str, password: str, address: str) -> Opened:
    """A new session, or one refusal that tells nothing about which part was wrong."""
    key = _digest(email)
    await throttle.take(database, key, address)
    account = await _account(database, key)
    known_hash = account.password_hash if account and account.is_active else None
    right, newer = await passwords.verify(password, known_hash)
    if account is None or not right:
        await _refused(database, account)
        raise NoMatch()
    opened = await _open(database, account, newer)
    await throttle.give_back(database, key, address)
    return opened


async def sign_out(database: Database, signals: Signals, known: Recognised) -> None:
    """Ends the session; a bearer token has none and stays valid until it is revoked."""
    if known.kind == "session":
        async with database.customer(known.actor) as tx:
            await sessions.end(tx, known.actor, known.key_id)
            await audit.record(tx, known.actor, "session.end", "session", known.key_id)
            await tell(signals, tx, known.actor.customer_id, known.actor.person, known.key_id)


async def change_password(
    database: Database, signals: Signals, known: Recognised, current: str, new: str, address: str
) -> None:
    """The user's own; every other session of the user ends with it."""
    actor = known.actor
    async with database.customer(actor) as tx:
        account = await users.account(tx, actor.person)
        user = await users.get(tx, actor.person)
    key = _digest(user.email if user else "")
    await throttle.take(database, key, address)
    right, _ = await passwords.verify(current, account.password_hash if account else None)
    if not right:
        raise WrongPassword(errors=[{"field": "current", "message": "is not your present password"}])
    passwords.check(new, user.email if user else "")
    password_hash = await passwords.hash_of(new)
    async with database.customer(actor) as tx:
        await users.set_password(tx, actor.person, password_hash)
        keep = known.key_id if known.kind == "session" else None
        ended = await sessions.end_all(tx, actor.customer_id, actor.person, keep)
        await audit.record(tx, actor, "password.change", "user", actor.person, sessions_ended=ended)
        await tell(signals, tx, actor.customer_id, actor.person)
    await throttle.give_back(database, key, address)


async def _account(database: Database, key: bytes) -> Account | None:
    async with database.outside() as tx:
        entry = await directory.find(tx, key)
    if entry is None:
        return None
    async with database.of(entry.customer_id) as tx:
        return await users.account(tx, entry.user_id)


async def _open(database: Database, account: Account, newer: str | None) -> Opened:
    actor = Actor(account.customer_id, account.id, account.role, account.timezone, "session")
    async with database.customer(actor) as tx:
        # Read again: hashing took a while, and the user may be suspended by now.
        now = await users.account(tx, account.id)
        if now is None or not now.is_active or now.password_hash != account.password_hash:
            raise NoMatch()
        if newer and account.password_hash:
            await users.refresh_hash(tx, account.id, account.password_hash, newer)
        opened = await sessions.begin(tx, actor)
        await audit.record(tx, actor, "session.begin", "session", opened.recognised.key_id)
        return opened


async def _refused(database: Database, account: Account | None) -> None:
    if account is None:
        return
    actor = Actor.system(account.customer_id, account.timezone)
    async with database.customer(actor) as tx:
        await audit.record(tx, actor, "session.begin", "user", account.id, outcome="refused")


def _digest(email: str) -> bytes:
    """Also for what is no address at all, so that it is slowed and answered like any other."""
    try:
        return addresses.digest(email)
    except addresses.InvalidAddress:
        return hashlib.sha256(b"nobody:" + email.encode("utf-8", "replace")).digest()
