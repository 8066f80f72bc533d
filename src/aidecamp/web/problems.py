"""Refusals at the edge: a problem object for programs, OpenAI's shape under /v1, a page for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from aidecamp.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge, Unauthenticated, Unavailable
from aidecamp.web import render
from aidecamp.web.validation import told

MEDIA_TYPE = "application/problem+json"
SCHEMA = "#/components/schemas/Problem"

log = structlog.get_logger()


class Malformed(Refusal):
    title = "The request is malformed"
    help = "Send each header once, with a plain host name."


class MethodNotAllowed(Refusal):
    status, code, title = 405, "method_not_allowed", "This address does not take that method"


class Crashed(Refusal):
    status, code, title = 500, "internal", "Something went wrong on our side"
    help = "Try again. If it stays, tell your operator the request id."


_BY_STATUS: Mapping[int, type[Refusal]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    422: Invalid,
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    # Connections lost under a statement, a full disk, a standby, locks and statements that took too long.
    app.add_exception_handler(psycopg.OperationalError, _database_failed)
    app.add_exception_handler(psycopg.errors.ReadOnlySqlTransaction, _database_failed)


def responses(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse with, for OpenAPI: `responses=responses(NotFound, Conflict)`."""
    told: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = told.get(kind.status)
        codes = f"`{kind.code}`: {kind.title}"
        told[kind.status] = {
            "description": f"{known['description']}; {codes}" if known else codes,
            "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA}}},
        }
    return told


def answer(request: Request, refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """The refusal in the shape that this reader understands."""
    path = request.scope.get("path", "")
    fields = dict(headers or {})
    if refusal.retry_after is not None:
        fields["Retry-After"] = str(max(0, math.ceil(refusal.retry_after)))
    if path.startswith("/v1/"):
        return _as_openai(refusal, fields)
    if path.startswith("/api/") or path in ("/healthz", "/readyz", "/metrics"):
        if refusal.status == 401:
            fields["WWW-Authenticate"] = "Bearer"
        body = refusal.problem() | ({"request_id": _id(request)} if refusal.status >= 500 else {})
        return JSONResponse(body, refusal.status, fields, media_type=MEDIA_TYPE)
    return _as_page(request, refusal, fields)


def malformed(request: Request) -> Response:
    return answer(request, Malformed())


def crashed(request: Request) -> Response:
    return answer(request, Crashed(request_id=_id(request)))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(request, error)


async def _database_failed(request: Request, error: Exception) -> Response:
    log.error("database.refused", kind=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    return answer(request, Unavailable("The database can't do this right now."))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = told(error.errors())
    first = errors[0] if errors else None
    detail = f"{first['field']}: {first['message']}" if first and first["field"] else None
    return answer(request, Invalid(detail, errors=errors))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if 300 <= error.status_code < 400:
        return RedirectResponse((error.headers or {})["Location"], error.status_code)
    status = error.status_code
    if status == 400:  # the framework's word for a body that it could not take apart
        status = 422
    kind = _BY_STATUS.get(status)
    refusal = kind() if kind else _other(status)
    return answer(request, refusal, error.headers)


def _other(status: int) -> Refusal:
    kind = type("Other", (Refusal,), {"status": status, "title": "The request could not be answered"})
    refusal: Refusal = kind()
    return refusal


def _as_openai(refusal: Refusal, headers: dict[str, str]) -> Response:
    quota = refusal.status == 429
    if quota:
        headers["x-should-retry"] = "false"
    kinds = {401: "authentication_error", 403: "permission_error", 429: "insufficient_quota"}
    error = {
        "message": " ".join(filter(None, (refusal.detail, refusal.help))),
        "type": kinds.get(
            refusal.status, "invalid_request_error" if refusal.status < 500 else "server_error"
        ),
        "param": None,
        "code": refusal.code,
    }
    return JSONResponse({"error": error}, refusal.status, headers)


def _as_page(request: Request, refusal: Refusal, headers: dict[str, str]) -> Response:
    partial = "hx-request" in request.headers
    elsewhere: str | None = getattr(refusal, "location", None)
    if elsewhere is not None:  # the guards' "please sign in" leads to the sign-in page and back
        if partial:
            return Response(status_code=204, headers=headers | {"HX-Redirect": elsewhere})
        return RedirectResponse(elsewhere, 303, headers)
    if partial:
        headers |= {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
    name = "web/_problem.html" if partial else "web/problem.html"
    response = render.respond(request, name, {"problem": refusal, "request_id": _id(request)}, refusal.status)
    response.headers.update(headers)
    return response


def _id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
