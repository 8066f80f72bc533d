"""`aidecamp customers create`, `users create`, `tokens create`."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from aidecamp import settings
from aidecamp.actor import Actor, Role
from aidecamp.db.pool import Database
from aidecamp.db.session import session
from aidecamp.errors import Invalid, NotFound
from aidecamp.identity import addresses, tokens, users
from aidecamp.identity.store import directory
from aidecamp.identity.store import users as store
from aidecamp.terminal import AsJson, tell
from aidecamp.web.text import clean_name


def register(app: App) -> None:
    customers, people, keys = App(name="customers"), App(name="users"), App(name="tokens")
    customers.help, people.help, keys.help = "Customers.", "Users.", "Access tokens for programs."
    customers.command(create_customer, name="create")
    people.command(create_user, name="create")
    keys.command(create_token, name="create")
    for group in (customers, people, keys):
        app.command(group)


async def create_customer(name: str, *, timezone: str = "UTC", json: AsJson = False) -> None:
    """Create a customer; its days and months follow the IANA time zone."""
    async with session(settings.load()) as database:
        customer_id = await users.create_customer(database, clean_name(name), timezone)
    tell(f"Customer {customer_id} is created.", {"id": str(customer_id)}, json)


async def create_user(
    email: str,
    *,
    customer: UUID,
    role: Role,
    name: str = "",
    password_stdin: Annotated[bool, Parameter(negative="", help="Read the password from stdin.")] = False,
    json: AsJson = False,
) -> None:
    """Create a user of a customer. Without a password there is no sign-in, only access by token."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password == "":
        raise Invalid("There was no password on stdin.")
    async with session(settings.load()) as database:
        actor = await _operator(database, customer)
        user = await users.create(database, actor, email, role, clean_name(name)[:200], password)
    tell(f"User {user.id} is created.", {"id": str(user.id)}, json)


async def create_token(
    email: str, *, days: int = tokens.DEFAULT_DAYS, name: str = "command line", json: AsJson = False
) -> None:
    """Print a new bearer token of the user, once."""
    if not 1 <= days <= tokens.LONGEST_DAYS:
        raise Invalid(f"A token lives 1 to {tokens.LONGEST_DAYS} days.")
    async with session(settings.load()) as database:
        actor = await _user(database, email)
        async with database.customer(actor) as tx:
            _, key = await tokens.issue(tx, actor, clean_name(name)[:100] or "command line", days)
    tell(key, {"token": key}, json)


async def _operator(database: Database, customer_id: UUID) -> Actor:
    async with database.of(customer_id) as tx:
        zone = await store.customer_zone(tx)
    if zone is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return Actor(customer_id, None, Role.OWNER, zone, "cli")


async def _user(database: Database, email: str) -> Actor:
    async with database.outside() as tx:
        entry = await directory.find(tx, addresses.digest(email))
    if entry is None:
        raise NotFound("There is no user with this e-mail address.")
    async with database.of(entry.customer_id) as tx:
        account = await store.account(tx, entry.user_id)
    if account is None or not account.is_active:
        raise NotFound("This user is suspended or gone.")
    return Actor(account.customer_id, account.id, account.role, account.timezone, "cli")
