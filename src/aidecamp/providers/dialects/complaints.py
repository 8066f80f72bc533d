"""What a provider says when it refuses or breaks off, in whichever of the many shapes it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from aidecamp.providers.dialects.strict import Malformed, decode, whole

MESSAGE_LIMIT = 2000

Kind = Literal["said", "malformed", "not_ai", "too_large"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal inside a stream or body. The texts are the provider's own: for sorting, not for showing.

    `kind`: `said` = an error object; `malformed` = not the promised JSON; `not_ai` = a web page or other
    JSON; `too_large` = an event without an end.
    """

    kind: Kind
    status: int | None = None
    code: str = ""
    type: str = ""
    message: str = ""
    param: str = ""

    @property
    def words(self) -> str:
        return f"{self.code} {self.type} {self.message}".lower()


def from_body(body: bytes, status: int | None = None) -> Complaint:
    """The complaint of a refused request; a body that says nothing we know is still a complaint."""
    try:
        said = from_value(decode(body), status)
    except Malformed:
        said = None
    return said or Complaint("said", status)


def from_value(value: Any, status: int | None = None) -> Complaint | None:
    """The complaint inside a JSON value, or None where it holds none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if isinstance(error, dict):
        return _from_error(error, status)
    if isinstance(error, str) and error:
        return Complaint("said", status, code=_text(value.get("code")), message=_text(error))
    if value.get("object") == "error" or value.get("type") == "error":
        return _from_error(value, status)
    return _from_detail(value, status)


def _from_error(error: dict[str, Any], status: int | None) -> Complaint:
    code = error.get("code")
    if status is None:
        status = _status(error.get("status_code")) or _status(code)
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return Complaint(
        "said",
        status,
        code=_text(code),
        type=_text(error.get("type")) or _text(error.get("status")),
        message=f"{_text(error.get('message'))} {_text(raw)}".strip(),
        param=_text(error.get("param")),
    )


def _from_detail(value: dict[str, Any], status: int | None) -> Complaint | None:
    """FastAPI-like servers say `detail`: a sentence, or a list of fields that they did not accept."""
    detail = value.get("detail")
    if isinstance(detail, str) and detail:
        return Complaint("said", status, message=_text(detail))
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        place = detail[0].get("loc")
        field = place[-1] if isinstance(place, list) and place else ""
        kind, message = _text(detail[0].get("type")), _text(detail[0].get("msg"))
        return Complaint("said", status, type=kind, message=message, param=_text(field))
    sentence = value.get("message")
    if isinstance(sentence, str) and sentence and "choices" not in value and "content" not in value:
        return Complaint("said", status, code=_text(value.get("code")), message=_text(sentence))
    return None


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 400 <= value <= 599 else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return whole(value[:MESSAGE_LIMIT])
    return str(value) if isinstance(value, int) and abs(value) < 10**9 else ""
