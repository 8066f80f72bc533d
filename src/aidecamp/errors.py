"""The base refusal: every expected "no" is a class that knows its status, its code and its sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class Refusal(Exception):
    """An expected refusal, told to a person: what happened (`detail`) and what to do next (`help`).

    Rooms subclass it beside the rule that refuses. `extra` is merged into the problem object, for
    example a quota's `window`, `limit`, `used` and `resets_at`.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "validation_error"
    title: ClassVar[str] = "The request was refused"
    help: str | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        help: str | None = None,
        retry_after: float | None = None,
        errors: Sequence[Mapping[str, Any]] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.help = help or type(self).help
        self.retry_after = retry_after
        self.errors = list(errors) if errors else None
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem object of docs/api.md."""
        body: dict[str, Any] = {
            "type": f"urn:aidecamp:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.help:
            body["help"] = self.help
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


class Unauthenticated(Refusal):
    status, code, title = 401, "unauthenticated", "Please sign in"
    help = "Sign in again, or send a valid bearer token."


class Forbidden(Refusal):
    status, code, title = 403, "forbidden", "Your role may not do this"
    help = "Ask an admin of your team for a role that may."


class NotFound(Refusal):
    """Also the answer for what another customer, or another user's private object, owns."""

    status, code, title = 404, "not_found", "There is nothing here"


class Conflict(Refusal):
    status, code, title = 409, "conflict", "This conflicts with the current state"


class Invalid(Refusal):
    status, code, title = 422, "validation_error", "Something in the request is not valid"


class TooLarge(Refusal):
    status, code, title = 413, "payload_too_large", "The request is too large"


class RateLimited(Refusal):
    status, code, title = 429, "rate_limited", "Too many requests at once"
    help = "Wait a moment and try again."


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", "Aidecamp can't keep its books right now; nothing was sent"
    help = "Try again in a minute. If it stays, the operator can run `aidecamp doctor`."
