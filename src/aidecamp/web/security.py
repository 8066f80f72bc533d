"""The outermost layer: malformed heads refused, every answer with its headers, every crash with an id."""

from __future__ import annotations

import re
import traceback

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aidecamp.db.ids import new_id
from aidecamp.web import problems

log = structlog.get_logger()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; font-src 'self'; connect-src 'self'; script-src 'self'; "
    "style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
YEAR = 365 * 24 * 3600
_HOST = re.compile(rb"^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$")
_SINGLE = (b"host", b"content-length", b"authorization", b"content-type", b"origin", b"idempotency-key")


class Edge:
    """ASGI middleware, outermost, so that refusals and crashes of all inner layers pass through it too."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self.extra = HEADERS | (
            {"Strict-Transport-Security": f"max-age={YEAR}; includeSubDomains"} if https else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(MutableHeaders(scope=message), request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if malformed(scope):
                    await problems.malformed(Request(scope))(scope, receive, dressed)
                else:
                    await self.app(scope, receive, dressed)
            except Exception as error:
                log.error("request.crashed", kind=type(error).__name__, at=_frames(error))
                if started:
                    raise
                await problems.crashed(Request(scope))(scope, receive, dressed)

    def _dress(self, headers: MutableHeaders, request_id: str) -> None:
        for name, value in self.extra.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = request_id


def malformed(scope: Scope) -> bool:
    """Heads that two parties may read differently: doubled or contradicting fields, a strange Host."""
    names = [name for name, _ in scope["headers"]]
    if any(names.count(name) > 1 for name in _SINGLE):
        return True
    fields = dict(scope["headers"])
    if b"content-length" in fields and (
        b"transfer-encoding" in fields or not fields[b"content-length"].isdigit()
    ):
        return True
    host = fields.get(b"host")
    return host is not None and not _HOST.match(host)


def _frames(error: BaseException) -> list[str]:
    # Where, never what: messages of database and parser errors repeat the values they failed on.
    return [
        f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno} {f.name}"
        for f in traceback.extract_tb(error.__traceback__)[-8:]
    ]
