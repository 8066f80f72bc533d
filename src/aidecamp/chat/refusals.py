"""How asking and answering can fail, beyond what the rooms below already say."""

from __future__ import annotations

from typing import Any

from aidecamp.chat.models import Message
from aidecamp.errors import Conflict, Invalid, Refusal, Unavailable
from aidecamp.providers.failures import ProviderFailure


class EmptyQuestion(Invalid):
    title = "The question is empty"
    help = "Write what you want to know or need, then send it."


class TooLong(Invalid):
    title = "The message is too long"
    help = "Shorten it, or send it in parts."


class UnknownSuggestion(Invalid):
    title = "There is no such kind of suggestion"


class Closing(Unavailable):
    title = "Aidecamp is restarting; nothing was sent"
    help = "Try again in a few seconds."


class Interrupted(Unavailable):
    """The answer was cut by us: a restart, or a process that died."""

    title = "The answer was interrupted"
    help = "What had arrived is kept and counted. Ask again to get the whole answer."


class NotStored(Unavailable):
    title = "The answer could not be stored"
    help = "What it used is counted. Ask again, or tell the operator."


class CutOff(Refusal):
    """The provider closed the answer without its own end of message."""

    status, code, title = 502, "provider_error", "The provider stopped in the middle of the answer"
    help = "What had arrived is kept and counted. Ask again; if it happens often, try another model."


class Broken(Refusal):
    """Our own fault; the log says which."""

    status, code, title = 500, "internal", "Something went wrong on our side"
    help = "What had arrived is kept and counted. Ask again; if it stays, tell the operator."


class Deleted(Conflict):
    title = "The conversation was deleted while the answer was written"


STATUSES = {
    "quota_exceeded": 429,
    "rate_limited": 429,
    "provider_error": 502,
    "provider_unreachable": 502,
    "provider_rate_limited": 503,
    "provider_overloaded": 503,
    "provider_timeout": 504,
    "unavailable": 503,
    "internal": 500,
}


class EndedEarly(Refusal):
    """A failure of the past, told again from the code that its message kept."""

    title = "The answer ended early"
    help = "What had arrived is kept and counted. Ask again to get the whole answer."

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._code = message.error_code or "internal"

    def problem(self) -> dict[str, Any]:
        status = STATUSES.get(self._code, 422)
        kind = f"urn:aidecamp:problem:{self._code}"
        return super().problem() | {"type": kind, "status": status, "code": self._code}


def explain(message: Message) -> Refusal | None:
    """Why an answer failed, in the words that were said then, from the code that was kept."""
    if message.error_code is None:
        return None
    if message.status == "interrupted" and message.error_code == Interrupted.code:
        return Interrupted("The answer was cut off by a restart.")
    known = {kind.code: kind for kind in ProviderFailure.__subclasses__()}
    kind = known.get(message.error_code)
    return kind() if kind else EndedEarly(message)
