"""The session's cookie: unreadable for scripts, sent to our own pages only."""

from __future__ import annotations

from starlette.responses import Response

from aidecamp.identity.guards import SESSION_COOKIE
from aidecamp.identity.models import Opened
from aidecamp.identity.recognition import LONGEST_SESSION
from aidecamp.settings import Settings


def keep(response: Response, opened: Opened, settings: Settings) -> None:
    # The database decides when the session ends; the browser only must not forget it earlier.
    age = int(LONGEST_SESSION.total_seconds())
    secure = (settings.public_url or "").startswith("https://")
    response.set_cookie(
        SESSION_COOKIE, opened.key, max_age=age, path="/", secure=secure, httponly=True, samesite="lax"
    )


def forget(response: Response, settings: Settings) -> None:
    secure = (settings.public_url or "").startswith("https://")
    response.delete_cookie(SESSION_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
