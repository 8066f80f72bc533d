"""Against requests that another site makes with somebody's cookie: a token derived from the session key."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from aidecamp.errors import Forbidden

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class CrossSite(Forbidden):
    title = "This request did not come from one of our pages"
    help = f"Reload the page and try again; programs send the {HEADER} header, or use a bearer token."


def token(session_key: str) -> str:
    """What the pages of this session send back; it tells nothing about the key itself."""
    return hmac.new(session_key.encode(), b"aidecamp csrf", hashlib.sha256).hexdigest()


async def check(request: Request, session_key: str) -> None:
    """Refuse an unsafe request on a cookie session that lacks the session's token."""
    if request.method in SAFE_METHODS:
        return
    check_origin(request)
    given = request.headers.get(HEADER) or await _from_form(request)
    if not given or not hmac.compare_digest(given.encode("utf-8", "replace"), token(session_key).encode()):
        raise CrossSite()


def check_origin(request: Request) -> None:
    """What browsers say about where a request comes from; the only guard where no session exists yet."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise CrossSite()
    origin = request.headers.get("origin")
    if origin is not None and not _is_own(request, origin):
        raise CrossSite()


def _is_own(request: Request, origin: str) -> bool:
    """A proxy may have rewritten Host, so the operator's public address counts too."""
    scheme, netloc, *_ = urlsplit(origin)
    if scheme not in ("http", "https") or not netloc:
        return False
    public = urlsplit(request.app.state.settings.public_url or "")
    return (scheme, netloc) == (public.scheme, public.netloc) or netloc == request.headers.get("host")


async def _from_form(request: Request) -> str | None:
    if not request.headers.get("content-type", "").startswith(FORMS):
        return None
    form: FormData = await request.form()
    value = form.get(FIELD)
    return None if isinstance(value, UploadFile) else value
