"""Every route with who may use it: reviewed by hand, compared with the application by the stranger tests.

A new route needs a line here (or, with a reason, in PUBLIC), and a maker in tests/objects.py for each new
path parameter; else the tests fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fastapi.routing import APIRoute, iter_route_contexts

from aidecamp.actor import Role
from aidecamp.app import build
from aidecamp.settings import Settings

PUBLIC = {
    "GET /healthz": "liveness, no data",
    "GET /readyz": "readiness, no data",
    "GET /metrics": "numbers without names; docs/operations.md says to keep it inside",
    "GET /api/v1/openapi.json": "the description of the API",
    "GET /sign-in": "the way in",
    "POST /sign-in": "the way in",
    "POST /api/v1/auth/login": "the way in",
    "GET /static/{digest}/{name:path}": "the same files for everybody",
    "HEAD /static/{digest}/{name:path}": "the same files for everybody",
    "GET /favicon.ico": "the same file for everybody",
}

# personal: nobody but its maker finds it. shared: the whole customer finds it, `lowest` may act on it.
Belongs = Literal["nobody", "personal", "shared"]


@dataclass(frozen=True, slots=True)
class Line:
    """`lowest` is the lowest role that gets through; the maker of an object always does.

    `{user_id}` and the like in a body stand for objects, as in a path.
    """

    lowest: Role = Role.VIEWER
    belongs: Belongs = "nobody"
    json: Any = None
    form: dict[str, str] | None = None
    files: dict[str, tuple[str, bytes, str]] | None = None
    below: int = 403
    """What lower roles get of a shared object: 404 where it is not even in their sight."""
    also: tuple[int, ...] = field(default=())
    """Statuses beside 2xx and 3xx that an allowed caller may get, e.g. 409 where there is no provider."""


V, U, M, A, O = Role.VIEWER, Role.USER, Role.MANAGER, Role.ADMIN, Role.OWNER  # noqa: E741

OLLAMA = {"provider_type": "ollama", "api_endpoint": "http://127.0.0.1:11434", "model_name": "tiny"}
CSV = {"file": ("contacts.csv", b"email\nana@example.org\n", "text/csv")}

ROUTES: dict[str, Line] = {
    # identity
    "POST /api/v1/auth/logout": Line(),
    "GET /api/v1/tokens": Line(),
    "POST /api/v1/tokens": Line(json={"name": "x"}),
    "DELETE /api/v1/tokens/{token_id}": Line(belongs="personal"),
    "GET /api/v1/users": Line(A),
    "POST /api/v1/users": Line(A, json={"email": "new@example.org"}),
    "PATCH /api/v1/users/{user_id}": Line(A, "shared", json={"name": "x"}),
    "POST /sign-out": Line(),
    "GET /account": Line(),
    "POST /account/tokens": Line(form={"name": "x", "days": "7"}),
    "POST /account/tokens/{token_id}/revoke": Line(belongs="personal"),
    "POST /account/password": Line(form={"current": "wrong", "new": "a new password"}, also=(422,)),
    "GET /team": Line(A),
    "POST /team/users": Line(A, form={"email": "new@example.org"}),
    "GET /team/users/{user_id}": Line(A, "shared"),
    "POST /team/users/{user_id}": Line(A, "shared", form={"email": "target@example.org"}),
    "POST /team/users/{user_id}/password": Line(A, "shared"),
    # metering
    "GET /api/v1/me": Line(),
    "GET /api/v1/usage": Line(),
    "GET /api/v1/limits": Line(A),
    "PUT /api/v1/limits": Line(A, json={"roles": {"user": {"daily": 10, "monthly": 100}}}),
    "GET /usage": Line(),
    "GET /team/limits": Line(A),
    "POST /team/limits": Line(A, form={}),
    "POST /team/limits/people": Line(A, "shared", form={"user_id": "{user_id}", "daily": "5"}),
    "POST /team/limits/people/{user_id}/remove": Line(A, "shared"),
    # providers
    "GET /api/v1/providers": Line(U),
    "POST /api/v1/providers": Line(U, json=OLLAMA),
    "POST /api/v1/providers/test": Line(U, json=OLLAMA),
    "GET /api/v1/providers/{provider_id}": Line(U, "personal"),
    "PATCH /api/v1/providers/{provider_id}": Line(U, "personal", json={"name": "x"}),
    "DELETE /api/v1/providers/{provider_id}": Line(U, "personal"),
    "POST /api/v1/providers/{provider_id}/test": Line(U, "personal"),
    "GET /providers": Line(U),
    "GET /providers/new": Line(U),
    "POST /providers/new/type": Line(U, form={"provider_type": "ollama"}),
    "POST /providers/new": Line(U, form=OLLAMA),
    "POST /providers/new/test": Line(U, form=OLLAMA),
    "GET /providers/{provider_id}": Line(U, "personal"),
    "POST /providers/{provider_id}": Line(U, "personal", form=OLLAMA),
    "POST /providers/{provider_id}/test": Line(U, "personal", form=OLLAMA),
    "POST /providers/{provider_id}/default": Line(U, "personal"),
    "POST /providers/{provider_id}/switch": Line(U, "personal"),
    "POST /providers/{provider_id}/remove": Line(U, "personal"),
    # workspace
    "GET /api/v1/campaigns": Line(),
    "POST /api/v1/campaigns": Line(U, json={"name": "x", "channel": "sms"}),
    "GET /api/v1/campaigns/{campaign_id}": Line(M, "shared", below=404),
    "PATCH /api/v1/campaigns/{campaign_id}": Line(M, "shared", json={"name": "x"}, below=404),
    "DELETE /api/v1/campaigns/{campaign_id}": Line(M, "shared", below=404),
    "GET /api/v1/audiences": Line(),
    "POST /api/v1/audiences": Line(M, json={"name": "x"}),
    "GET /api/v1/audiences/{audience_id}": Line(V, "shared"),
    "PATCH /api/v1/audiences/{audience_id}": Line(M, "shared", json={"name": "x"}),
    "DELETE /api/v1/audiences/{audience_id}": Line(M, "shared"),
    "GET /api/v1/contacts": Line(M),
    "GET /api/v1/contacts/{contact_id}": Line(M, "shared"),
    "GET /api/v1/imports": Line(M),
    "POST /api/v1/imports": Line(M, form={"kind": "contacts"}, files=CSV),
    "GET /api/v1/imports/{import_id}": Line(M, "shared"),
    "GET /api/v1/imports/{import_id}/rejected": Line(M, "shared", also=(404,)),
    "GET /campaigns": Line(),
    "GET /campaigns/new": Line(U),
    "POST /campaigns": Line(U, form={"name": "x", "channel": "sms"}),
    "GET /campaigns/{campaign_id}": Line(M, "shared", below=404),
    "POST /campaigns/{campaign_id}": Line(M, "shared", form={"name": "x"}, below=404),
    "POST /campaigns/{campaign_id}/delete": Line(M, "shared", below=404),
    "GET /plans/{plan_id}": Line(M, "shared", below=404),
    "GET /audiences": Line(),
    "POST /audiences": Line(M, form={"name": "x"}),
    "GET /audiences/{audience_id}": Line(V, "shared"),
    "GET /contacts": Line(M),
    "GET /imports": Line(M),
    "POST /imports": Line(M, form={"kind": "contacts"}, files=CSV),
    "GET /imports/{import_id}": Line(M, "shared"),
    "GET /insights": Line(),
    # chat
    "GET /api/v1/conversations": Line(),
    "POST /api/v1/conversations": Line(U, json={"context_type": "analytics"}),
    "GET /api/v1/conversations/{conversation_id}": Line(U, "personal"),
    "PATCH /api/v1/conversations/{conversation_id}": Line(U, "personal", json={"title": "x"}),
    "DELETE /api/v1/conversations/{conversation_id}": Line(U, "personal"),
    "GET /api/v1/conversations/{conversation_id}/messages": Line(U, "personal"),
    "POST /api/v1/conversations/{conversation_id}/messages": Line(
        U, "personal", json={"content": "How are we doing?"}, also=(409,)
    ),
    "GET /api/v1/messages/{message_id}/events": Line(U, "personal"),
    "POST /api/v1/messages/{message_id}/stop": Line(U, "personal"),
    "GET /": Line(),
    "GET /assistant": Line(U),
    "GET /assistant/{conversation_id}": Line(U, "personal"),
    "POST /assistant/ask": Line(U, form={"content": "Hello", "context": "analytics"}, also=(409,)),
    "POST /assistant/{conversation_id}/ask": Line(U, "personal", form={"content": "Hello"}, also=(409,)),
    "POST /assistant/answers/{message_id}/retry": Line(U, "personal", also=(409,)),
    "GET /assistant/answers/{message_id}/stream": Line(U, "personal"),
    "POST /assistant/answers/{message_id}/stop": Line(U, "personal"),
    "POST /assistant/{conversation_id}/rename": Line(U, "personal", form={"title": "x"}),
    "POST /assistant/{conversation_id}/archive": Line(U, "personal"),
    "POST /assistant/{conversation_id}/delete": Line(U, "personal"),
    # suggestions
    "GET /api/v1/suggestions": Line(),
    "GET /api/v1/suggestions/{suggestion_id}": Line(U, "personal"),
    "PATCH /api/v1/suggestions/{suggestion_id}": Line(U, "personal", json={"title": "x"}),
    "POST /api/v1/suggestions/{suggestion_id}/accept": Line(U, "personal"),
    "POST /api/v1/suggestions/{suggestion_id}/reject": Line(U, "personal"),
    "POST /api/v1/suggestions/{suggestion_id}/apply": Line(U, "personal"),
    "POST /api/v1/suggestions/{suggestion_id}/undo": Line(U, "personal", also=(409,)),
    "GET /suggestions": Line(),
    "GET /suggestions/{suggestion_id}": Line(U, "personal"),
    "POST /suggestions/{suggestion_id}/accept": Line(U, "personal"),
    "POST /suggestions/{suggestion_id}/reject": Line(U, "personal"),
    "POST /suggestions/{suggestion_id}/apply": Line(U, "personal"),
    "POST /suggestions/{suggestion_id}/undo": Line(U, "personal", also=(409,)),
    "POST /suggestions/{suggestion_id}/mend": Line(
        U, "personal", form={"code": "x", "field": "x"}, also=(409,)
    ),
    "POST /suggestions/{suggestion_id}/edit": Line(U, "personal", form={"title": "x", "message": "Hello"}),
    # privacy
    "GET /api/v1/audit": Line(A),
    "GET /trail": Line(A),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One method of one route of the application as it is built."""

    method: str
    path: str
    route: APIRoute | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(("/api/", "/v1/"))


def found() -> Iterator[Found]:
    application = build(Settings(home=Path("/nonexistent"), jobs=False))
    for context in iter_route_contexts(application.routes):
        route = context.original_route
        for method in sorted(context.methods or ()):
            if method == "HEAD" and "GET" in (context.methods or ()):
                continue
            yield Found(method, str(context.path), route if isinstance(route, APIRoute) else None)


GUARDED = [each for each in found() if each.name not in PUBLIC]
