"""Cross-site request forgery: a token bound to the session, and the browser's own word on the origin."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from aidecamp.errors import Forbidden

SESSION_COOKIE = "aidecamp_session"
COOKIE = "aidecamp_csrf"
FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class ForeignRequest(Forbidden):
    title = "This request did not come from a page of ours"
    help = "Reload the page and try again."


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What the session stores."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def token_of(request: Request) -> str:
    """The token that pages render; it lives in a cookie beside the session, the session keeps its hash."""
    return request.cookies.get(COOKIE, "")


def set_cookie(response: Response, token: str, *, secure: bool, max_age: int) -> None:
    response.set_cookie(COOKIE, token, max_age=max_age, path="/", secure=secure, httponly=True, samesite="lax")


def clear_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/")


async def check(request: Request, session_csrf_hash: bytes) -> None:
    """For unsafe methods of a cookie session: own origin, and the token that this session was given."""
    if request.method in SAFE:
        return
    check_origin(request)
    sent = request.headers.get(HEADER) or await _from_form(request)
    if not hmac.compare_digest(digest(sent), session_csrf_hash):
        raise ForeignRequest()


def check_origin(request: Request) -> None:
    """Also for sign-in, where no session exists yet. Programs that send neither header pass on."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise ForeignRequest()
    origin = request.headers.get("origin")
    if origin is not None and not _is_own(request, origin):
        raise ForeignRequest()


def _is_own(request: Request, origin: str) -> bool:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https"):
        return False
    public = getattr(request.app.state, "settings", None)
    public_url = getattr(public, "public_url", None)
    if public_url and parts[:2] == urlsplit(public_url)[:2]:
        return True
    return parts.netloc == request.headers.get("host")


async def _from_form(request: Request) -> str:
    if not request.headers.get("content-type", "").lower().startswith(FORMS):
        return ""
    value = (await request.form()).get(FIELD)
    return value if isinstance(value, str) else ""
