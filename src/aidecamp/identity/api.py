"""Signing in and out, access tokens, users."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from aidecamp.actor import Actor
from aidecamp.db.signals import Signals
from aidecamp.errors import Conflict, NotFound, RateLimited
from aidecamp.identity import cookies, csrf, passwords, sign_in, tokens, users
from aidecamp.identity.guards import Caller, Identified, allowed
from aidecamp.identity.rights import Right, demand
from aidecamp.identity.store import tokens as token_store
from aidecamp.identity.store import users as user_store
from aidecamp.identity.throttle import address_of
from aidecamp.identity.wire import (
    CreatedUser,
    Credentials,
    IssuedToken,
    NewToken,
    NewUser,
    SignedIn,
    TokenOut,
    UserChange,
    UserOut,
)
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page, page
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.state import Configured, Db

router = APIRouter(prefix="/api/v1", tags=["identity"], route_class=PatientRoute)


def signals(request: Request) -> Signals:
    return cast(Signals, request.app.state.signals)


Word = Annotated[Signals, Depends(signals)]
Admin = Annotated[Actor, Depends(allowed(Right.MANAGE_USERS))]


@router.post("/auth/login", responses=responses(RateLimited), openapi_extra={"security": []})
async def login(
    body: Credentials, request: Request, response: Response, database: Db, settings: Configured
) -> SignedIn:
    """Open a session: the cookie `aidecamp_session`, and the token that unsafe requests on it must send."""
    csrf.check_origin(request)
    address = address_of(request, settings.trusted_proxies)
    opened = await sign_in.sign_in(database, body.email, body.password, address)
    actor = opened.recognised.actor
    async with database.customer(actor) as tx:
        user = await users.find(tx, actor.person)
    cookies.keep(response, opened, settings)
    return SignedIn(user=UserOut.of(user), csrf_token=csrf.token(opened.key), expires_at=opened.expires_at)


@router.post("/auth/logout", status_code=204)
async def logout(
    known: Identified, response: Response, database: Db, word: Word, settings: Configured
) -> None:
    """End the session at once. A bearer token stays valid until it is revoked."""
    await sign_in.sign_out(database, word, known)
    cookies.forget(response, settings)


@router.get("/tokens")
async def list_tokens(
    actor: Caller, database: Db, after: After, limit: Limit = DEFAULT_LIMIT
) -> Page[TokenOut]:
    """Your own access tokens that are still valid, newest first."""
    async with database.customer(actor) as tx:
        rows = await token_store.list_of_user(tx, actor.person, limit + 1, after)
    return page(rows, limit, TokenOut.of, lambda token: token.id)


@router.post("/tokens", status_code=201, responses=responses(Conflict))
async def create_token(body: NewToken, actor: Caller, database: Db) -> IssuedToken:
    """A new access token of your own; `token` is shown this once."""
    async with database.customer(actor) as tx:
        token, key = await tokens.issue(tx, actor, body.name, body.expires_in_days)
    return IssuedToken(**TokenOut.of(token).model_dump(), token=key)


@router.delete("/tokens/{token_id}", status_code=204, responses=responses(NotFound))
async def revoke_token(token_id: UUID, actor: Caller, database: Db, word: Word) -> None:
    """Revoke one of your own access tokens; it is refused from the next request on."""
    async with database.customer(actor) as tx:
        await tokens.revoke(tx, word, actor, token_id)


@router.get("/users")
async def list_users(actor: Admin, database: Db, after: After, limit: Limit = DEFAULT_LIMIT) -> Page[UserOut]:
    """Everybody of the customer, newest first."""
    async with database.customer(actor) as tx:
        rows = await user_store.list_all(tx, limit + 1, after)
    return page(rows, limit, UserOut.of, lambda user: user.id)


@router.post("/users", status_code=201, responses=responses(Conflict))
async def create_user(body: NewUser, actor: Admin, database: Db) -> CreatedUser:
    """A new user, in a role up to your own."""
    made = None if body.password is not None else passwords.suggest()
    user = await users.create(database, actor, body.email, body.role, body.name, made or body.password)
    return CreatedUser(**UserOut.of(user).model_dump(), password=made)


async def manageable(user_id: UUID, actor: Caller, database: Db) -> None:
    """Found before the body is judged: what is foreign is absent, whatever was sent."""
    async with database.customer(actor) as tx:
        await users.find(tx, user_id)
    demand(actor, Right.MANAGE_USERS)


@router.patch("/users/{user_id}", responses=responses(NotFound, Conflict), dependencies=[Depends(manageable)])
async def change_user(
    user_id: UUID, body: UserChange, known: Identified, actor: Caller, database: Db, word: Word
) -> UserOut:
    """Change a user up to your own role; only owners change owners. It holds from the next request on."""
    wish = users.Change(**body.model_dump(exclude_none=True))
    keep = known.key_id if known.kind == "session" and actor.user_id == user_id else None
    return UserOut.of(await users.change(database, word, actor, user_id, wish, keep))
