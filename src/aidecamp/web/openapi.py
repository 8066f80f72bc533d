"""The OpenAPI document as the API really is: problems instead of the framework's own error shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aidecamp.errors import Forbidden, Invalid, RateLimited, TooLarge, Unauthenticated, Unavailable
from aidecamp.web.problems import Crashed, Malformed, responses

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An RFC 9457 problem: what happened (`detail`) and what to do next (`help`).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "help": {"type": "string"},
        "retry_after": {"type": "number"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
ALWAYS = responses(Malformed, Unauthenticated, Forbidden, Invalid, RateLimited, Crashed, Unavailable)
WITH_BODY = responses(TooLarge)
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "aidecamp_session"},
}


def install(app: FastAPI) -> None:
    app.openapi = _described(app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title, version=app.version, description=app.description, routes=app.routes
                )
            )
        return app.openapi_schema

    return openapi


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    components.setdefault("securitySchemes", {}).update(SECURITY)
    document.setdefault("security", [{name: []} for name in SECURITY])
    for path in document.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                _complete_operation(operation)
    return document


def _complete_operation(operation: dict[str, Any]) -> None:
    known = operation["responses"]
    own = known.get("422", {})
    if "HTTPValidationError" in str(own):
        known.pop("422")
    always = ALWAYS | (WITH_BODY if "requestBody" in operation else {})
    for status, response in always.items():
        known.setdefault(str(status), response)
