"""Who is asking: the dependency that every route but the reviewed public ones carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from starlette.requests import Request

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.errors import Unauthenticated
from aidecamp.identity import csrf
from aidecamp.identity.models import Recognised
from aidecamp.identity.recognition import recognise
from aidecamp.identity.rights import Right, demand
from aidecamp.web import idempotency

SESSION_COOKIE = "aidecamp_session"


class SignInNeeded(Unauthenticated):
    """The same refusal on a page: answered by the sign-in page, which leads back."""

    def __init__(self, after: str) -> None:
        super().__init__()
        self.location = "/sign-in" if after == "/" else f"/sign-in?next={quote(after, safe='/')}"


async def recognised(request: Request) -> Recognised:
    """The caller with the key that proved it, asked once per request."""
    known: Recognised | None = getattr(request.state, "recognised", None)
    if known is None:
        known = request.state.recognised = await _recognised(request)
    return known


async def recognised_now(request: Request) -> Recognised:
    """Asked again, for a stream that outlives the moment in which its reader was let in."""
    request.state.recognised = None
    return await recognised(request)


async def _recognised(request: Request) -> Recognised:
    """A bearer token counts alone: a bad one never falls back to the cookie."""
    database: Database = request.app.state.database
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, key = authorization.partition(" ")
        found = await recognise(database, key.strip(), "token") if scheme.lower() == "bearer" else None
        if found is None:
            raise Unauthenticated("This access token is not valid, or no longer.")
        return found
    key = request.cookies.get(SESSION_COOKIE, "")
    found = await recognise(database, key, "session")
    if found is None:
        raise Unauthenticated("Your session has ended." if key else None)
    await csrf.check(request, key)
    request.state.csrf_token = csrf.token(key)
    return found


async def caller(request: Request, known: Annotated[Recognised, Depends(recognised)]) -> Actor:
    """The actor of an API route; a repeated Idempotency-Key leaves here with the first answer."""
    await idempotency.claim(request, known.actor)
    return known.actor


async def page_recognised(request: Request) -> Recognised:
    try:
        return await recognised(request)
    except Unauthenticated as error:
        raise SignInNeeded(_way_back(request)) from error


async def page_caller(known: Annotated[Recognised, Depends(page_recognised)]) -> Actor:
    return known.actor


def allowed(right: Right) -> Callable[..., Awaitable[Actor]]:
    """A dependency that gives the actor if the role has the right, else 403.

    Where the route names an object, take `Caller`, look the object up, then `rights.demand`: what is
    foreign is 404 before any other refusal.
    """

    async def guarded(actor: Caller) -> Actor:
        demand(actor, right)
        return actor

    return guarded


def page_allowed(right: Right) -> Callable[..., Awaitable[Actor]]:
    async def guarded(actor: PageCaller) -> Actor:
        demand(actor, right)
        return actor

    return guarded


def local_path(text: str) -> str:
    """A path of ours to go on to, or the start: never another host, however it is written."""
    # Browsers drop tabs and line breaks from addresses and take a backslash for a slash.
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if plain and text.isprintable() else "/"


def _way_back(request: Request) -> str:
    if request.method not in csrf.SAFE_METHODS:
        return _page_of(request)
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _page_of(request: Request) -> str:
    """The page whose form was sent, where it is ours: what was typed there waits in its tab."""
    origin, _, path = request.headers.get("referer", "").partition("//")[2].partition("/")
    return local_path(f"/{path}") if origin and origin == request.headers.get("host") else "/"


Identified = Annotated[Recognised, Depends(recognised)]
Caller = Annotated[Actor, Depends(caller)]
PageIdentified = Annotated[Recognised, Depends(page_recognised)]
PageCaller = Annotated[Actor, Depends(page_caller)]
