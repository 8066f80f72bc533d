"""The events of an answer as JSON text, in the shapes of docs/api.md."""

from __future__ import annotations

from typing import Any

import msgspec

from aidecamp.chat.models import Asked, Ending, Entry, Message
from aidecamp.errors import Refusal
from aidecamp.metering.quota import Quota


class Text(msgspec.Struct):
    text: str


def start(asked: Asked, model: str, quota: Quota) -> str:
    return _json(
        {
            "message_id": asked.message_id,
            "user_message_id": asked.question_id,
            "conversation_id": asked.conversation_id,
            "model": model,
            "quota": quota.wire(),
        }
    )


def delta(text: str) -> str:
    return _json({"text": text})


def usage(ending: Ending) -> str:
    return _json(
        {
            "tokens_input": ending.tokens_input,
            "tokens_cached": ending.tokens_cached,
            "tokens_output": ending.tokens_output,
            "estimated_cost": ending.estimated_cost,
            "is_estimated": ending.is_estimated,
            "latency_ms": ending.latency_ms,
            "time_to_first_token_ms": ending.time_to_first_token_ms,
        }
    )


def end(message: Message, quota: Quota) -> str:
    return _json({"message": of_message(message), "quota": quota.wire()})


def error(refusal: Refusal) -> str:
    return _json(refusal.problem())


def of_message(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in MESSAGE}


MESSAGE = (
    "id",
    "conversation_id",
    "role",
    "content",
    "tokens_input",
    "tokens_output",
    "model_used",
    "latency_ms",
    "status",
    "error_code",
    "is_estimated",
    "finish_reason",
    "created_at",
)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def text_of(entry: Entry) -> str:
    """The text of a `delta`."""
    return msgspec.json.decode(entry.data, type=Text).text
