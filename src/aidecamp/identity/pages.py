"""Signing in and out, your account, the team."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from aidecamp.actor import Actor, Role
from aidecamp.errors import Refusal
from aidecamp.identity import cookies, csrf, passwords, sign_in, tokens, users
from aidecamp.identity.api import Word
from aidecamp.identity.forms import NewPasswordForm, SignInForm, TokenForm, UserForm
from aidecamp.identity.guards import (
    SESSION_COOKIE,
    PageCaller,
    PageIdentified,
    SignInNeeded,
    local_path,
    page_allowed,
)
from aidecamp.identity.recognition import recognise
from aidecamp.identity.rights import Right, demand
from aidecamp.identity.store import tokens as token_store
from aidecamp.identity.store import users as user_store
from aidecamp.identity.throttle import address_of
from aidecamp.web.listing import After, encode
from aidecamp.web.render import page
from aidecamp.web.state import Configured, Db

entrance = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

SHOWN = 100
Admin = Annotated[Actor, Depends(page_allowed(Right.MANAGE_USERS))]


@entrance.get("/sign-in", response_model=None)
async def sign_in_page(request: Request, database: Db, next: str = "/") -> Response:
    if await recognise(database, request.cookies.get(SESSION_COOKIE, ""), "session"):
        return RedirectResponse(local_path(next), 303)
    return page(request, "identity/sign_in.html", None, email="", next=local_path(next), problem=None)


@entrance.post("/sign-in", response_model=None)
async def enter(
    request: Request, form: Annotated[SignInForm, Form()], database: Db, settings: Configured
) -> Response:
    csrf.check_origin(request)
    after = local_path(form.next)
    try:
        address = address_of(request, settings.trusted_proxies)
        opened = await sign_in.sign_in(database, form.email, form.password, address)
    except Refusal as refusal:
        response = page(
            request,
            "identity/sign_in.html",
            None,
            refusal.status,
            email=form.email,
            next=after,
            problem=refusal,
        )
        if refusal.retry_after:
            response.headers["Retry-After"] = str(round(refusal.retry_after))
        return response
    welcome = RedirectResponse(after, 303)
    cookies.keep(welcome, opened, settings)
    return welcome


@router.post("/sign-out", response_model=None)
async def leave(known: PageIdentified, database: Db, word: Word, settings: Configured) -> Response:
    await sign_in.sign_out(database, word, known)
    response = RedirectResponse("/sign-in", 303)
    cookies.forget(response, settings)
    return response


async def to_sign_in(request: Request, error: Exception) -> Response:
    """The exception handler for `SignInNeeded`; a fragment request makes the whole page go there."""
    assert isinstance(error, SignInNeeded)
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": error.location})
    return RedirectResponse(error.location, 303)


@router.get("/account", response_model=None)
async def account(request: Request, actor: PageCaller, database: Db) -> Response:
    return await _account(request, actor, database)


@router.post("/account/tokens", response_model=None)
async def create_token(
    request: Request, actor: PageCaller, form: Annotated[TokenForm, Form()], database: Db
) -> Response:
    # Rendered at once and not redirected to: the token must be seen once and stand in no address.
    try:
        async with database.customer(actor) as tx:
            _, key = await tokens.issue(tx, actor, form.name, form.days)
    except Refusal as refusal:
        return await _account(request, actor, database, refusal=refusal)
    return await _account(request, actor, database, issued=key, issued_name=form.name)


@router.post("/account/tokens/{token_id}/revoke", response_model=None)
async def revoke_token(token_id: UUID, actor: PageCaller, database: Db, word: Word) -> Response:
    async with database.customer(actor) as tx:
        await tokens.revoke(tx, word, actor, token_id)
    return RedirectResponse("/account", 303)


@router.post("/account/password", response_model=None)
async def change_password(
    request: Request,
    known: PageIdentified,
    form: Annotated[NewPasswordForm, Form()],
    database: Db,
    word: Word,
    settings: Configured,
) -> Response:
    address = address_of(request, settings.trusted_proxies)
    try:
        await sign_in.change_password(database, word, known, form.current, form.new, address)
    except Refusal as refusal:
        return await _account(request, known.actor, database, password_refusal=refusal)
    return await _account(request, known.actor, database, password_changed=True)


async def _account(
    request: Request,
    actor: Actor,
    database: Db,
    *,
    refusal: Refusal | None = None,
    password_refusal: Refusal | None = None,
    password_changed: bool = False,
    issued: str | None = None,
    issued_name: str = "",
) -> Response:
    async with database.customer(actor) as tx:
        user = await users.find(tx, actor.person)
        own = await token_store.list_of_user(tx, actor.person, tokens.MOST_PER_USER, None)
    problem = refusal or password_refusal
    return page(
        request,
        "identity/account.html",
        actor,
        problem.status if problem else 200,
        user=user,
        tokens=own,
        lives=tokens.LIVES,
        shortest=passwords.SHORTEST,
        refusal=refusal,
        password_refusal=password_refusal,
        password_changed=password_changed,
        issued=issued,
        issued_name=issued_name,
    )


@router.get("/team", response_model=None)
async def team(request: Request, actor: Admin, database: Db, after: After) -> Response:
    return await _team(request, actor, database, after=after)


@router.post("/team/users", response_model=None)
async def create_user(
    request: Request, actor: Admin, form: Annotated[UserForm, Form()], database: Db
) -> Response:
    password = passwords.suggest()
    try:
        user = await users.create(database, actor, form.email, form.role, form.name, password)
    except Refusal as refusal:
        return await _team(request, actor, database, refusal=refusal, wish=form)
    return await _team(request, actor, database, handed=(user.email, password))


@router.get("/team/users/{user_id}", response_model=None)
async def edit(request: Request, user_id: UUID, actor: PageCaller, database: Db) -> Response:
    return await _user(request, actor, database, user_id)


@router.post("/team/users/{user_id}", response_model=None)
async def change_user(
    request: Request,
    user_id: UUID,
    known: PageIdentified,
    form: Annotated[UserForm, Form()],
    database: Db,
    word: Word,
) -> Response:
    wish = users.Change(form.email, form.name, form.role, form.is_active)
    try:
        await users.change(database, word, known.actor, user_id, wish)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return await _user(request, known.actor, database, user_id, refusal=refusal)
    return RedirectResponse("/team", 303)


@router.post("/team/users/{user_id}/password", response_model=None)
async def reset_password(
    request: Request, user_id: UUID, known: PageIdentified, database: Db, word: Word
) -> Response:
    password = passwords.suggest()
    keep = known.key_id if known.kind == "session" and known.actor.user_id == user_id else None
    try:
        user = await users.change(database, word, known.actor, user_id, users.Change(password=password), keep)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return await _user(request, known.actor, database, user_id, refusal=refusal)
    return await _user(request, known.actor, database, user_id, handed=(user.email, password))


async def _team(
    request: Request,
    actor: Actor,
    database: Db,
    *,
    after: UUID | None = None,
    refusal: Refusal | None = None,
    wish: UserForm | None = None,
    handed: tuple[str, str] | None = None,
) -> Response:
    async with database.customer(actor) as tx:
        people = await user_store.list_all(tx, SHOWN + 1, after)
    return page(
        request,
        "identity/team.html",
        actor,
        refusal.status if refusal else 200,
        people=people[:SHOWN],
        next_cursor=encode(people[SHOWN - 1].id) if len(people) > SHOWN else None,
        roles=_grantable(actor),
        refusal=refusal,
        wish=wish,
        handed=handed,
    )


async def _user(
    request: Request,
    actor: Actor,
    database: Db,
    user_id: UUID,
    *,
    refusal: Refusal | None = None,
    handed: tuple[str, str] | None = None,
) -> Response:
    async with database.customer(actor) as tx:
        user = await users.find(tx, user_id)
    demand(actor, Right.MANAGE_USERS)
    return page(
        request,
        "identity/user.html",
        actor,
        refusal.status if refusal else 200,
        user=user,
        roles=_grantable(actor),
        may_change=actor.role.at_least(user.role),
        refusal=refusal,
        handed=handed,
    )


def _grantable(actor: Actor) -> list[str]:
    return [role.value for role in Role if actor.role.at_least(role)]
