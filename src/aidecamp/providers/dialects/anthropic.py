"""Anthropic's Messages: a system field, typed content blocks, usage that leaves cached input out."""

from __future__ import annotations

from typing import Any

from aidecamp.metering.reservation import Usage
from aidecamp.providers.dialects.complaints import Complaint
from aidecamp.providers.dialects.framing import ServerEvent
from aidecamp.providers.dialects.reader import MOST_TOOL_CALLS
from aidecamp.providers.dialects.reader import Reader as Base
from aidecamp.providers.dialects.request import Config, Quirks, Request, warmth, without
from aidecamp.providers.dialects.strict import Malformed, decode, encode
from aidecamp.providers.messages import FinishReason, Message, Prompt

VERSION = "2023-06-01"
FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}


def request(prompt: Prompt, model: str, config: Config, quirks: Quirks) -> Request:
    """`POST /v1/messages` below the bare base."""
    system = "\n\n".join(message.content for message in prompt.messages if message.role == "system")
    body: dict[str, Any] = {
        **config.extra,
        "model": model,
        "max_tokens": prompt.max_tokens,
        "system": system or None,
        "messages": _messages(prompt.messages),
        "temperature": warmth(prompt.temperature, config, quirks),
        "stream": True if prompt.stream else None,
        "tools": [_tool(tool) for tool in prompt.tools] or None,
        "output_config": _format(prompt),
        **prompt.extra,
    }
    return Request("POST", "/v1/messages", encode(without(body, quirks)), {"anthropic-version": VERSION})


def models_request(config: Config, quirks: Quirks) -> Request:
    return Request("GET", "/v1/models?limit=1000", headers={"anthropic-version": VERSION})


def models(value: Any) -> list[str]:
    rows = value.get("data") if isinstance(value, dict) else None
    named = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in named if isinstance(name, str) and name]


def key_headers(key: str, quirks: Quirks) -> dict[str, str]:
    return {"x-api-key": key}


def _messages(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Blocks by turn: neighbours of one role are one message, results of tools are the user's."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system" or not (blocks := _blocks(message)):
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        result = {"tool_use_id": message.tool_call_id, "content": message.content}
        return [{"type": "tool_result", **result}]
    # Empty text blocks are refused by the API.
    blocks: list[dict[str, Any]] = [{"type": "text", "text": message.content}] if message.content else []
    for call in message.tool_calls:
        made = {"id": call.id, "name": call.name, "input": _arguments(call.arguments)}
        blocks.append({"type": "tool_use", **made})
    return blocks


def _arguments(raw: str) -> dict[str, Any]:
    try:
        value = decode(raw.encode("utf-8", "replace"))
    except Malformed:
        return {}
    return value if isinstance(value, dict) else {}


def _tool(tool: Any) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}


def _format(prompt: Prompt) -> dict[str, Any] | None:
    return {"format": {"type": "json_schema", "schema": prompt.schema}} if prompt.schema is not None else None


class Reader(Base):
    """Streams of typed events, and plain messages of the same blocks."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[Any, dict[str, Any]] = {}

    def on_event(self, event: ServerEvent) -> None:
        value = decode(event.data)
        if event.name == "error" or not isinstance(value, dict) or value.get("type") == "error":
            if not self.refused_by(value):
                self.complain(Complaint("malformed"))
            return
        match value.get("type"):
            case "message_start":
                self._start(value.get("message"))
            case "content_block_start":
                self._open(value.get("index"), value.get("content_block"))
            case "content_block_delta":
                self._delta(value.get("index"), value.get("delta"))
            case "content_block_stop":
                self._shut(value.get("index"))
            case "message_delta":
                self._stopping(value)
            case "message_stop":
                self._finish(self._reason or "other")
            case None:
                if not self.refused_by(value):
                    self.complain(Complaint("not_ai"))

    def on_document(self, value: Any) -> None:
        if self.refused_by(value):
            return None
        if not isinstance(value, dict) or not isinstance(value.get("content"), list):
            return self.complain(Complaint("not_ai"))
        for index, block in enumerate(value["content"]):
            self._open(index, block)
            self._shut(index)
        self._start(value)
        self._stopping({"delta": value})
        if not self._over:
            self._finish(self._reason or "stop")
        return None

    def on_end(self) -> None:
        # The stop reason is the provider's own word; a cut inside the very last frame loses nothing.
        if self._reason:
            self._finish(self._reason)

    def _start(self, message: Any) -> None:
        if isinstance(message, dict):
            self.named(message.get("model"))
            self._count(message.get("usage"))

    def _open(self, index: Any, block: Any) -> None:
        if not isinstance(block, dict):
            return None
        self._say(block)
        if block.get("type") == "tool_use":
            if len(self._blocks) >= MOST_TOOL_CALLS:
                return self.complain(Complaint("too_large"))
            self._blocks[_place(index)] = {**block, "pieces": []}
        return None

    def _delta(self, index: Any, delta: Any) -> None:
        if not isinstance(delta, dict):
            return
        self._say(delta)
        piece, block = delta.get("partial_json"), self._blocks.get(_place(index))
        if block is not None and isinstance(piece, str):
            block["pieces"].append(piece)
            self.weigh(piece)

    def _say(self, part: dict[str, Any]) -> None:
        text, thinking = part.get("text"), part.get("thinking")
        if isinstance(text, str):
            self.text(text)
        if isinstance(thinking, str):
            self.reasoning(thinking)

    def _shut(self, index: Any) -> None:
        block = self._blocks.pop(_place(index), None)
        if block is not None:
            arguments = "".join(block["pieces"])
            if not arguments:
                arguments = encode(block.get("input") or {}).decode()
                self.weigh(arguments)
            self.tool_call(block.get("id"), block.get("name"), arguments)

    def _stopping(self, value: dict[str, Any]) -> None:
        delta = value.get("delta")
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        if isinstance(reason, str) and reason:
            self._reason = FINISH.get(reason, "other")
        self._count(value.get("usage"))

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.counted(
                plain=usage.get("input_tokens"),
                tokens_cached=usage.get("cache_read_input_tokens"),
                tokens_cache_write=usage.get("cache_creation_input_tokens"),
                tokens_output=usage.get("output_tokens"),
            )

    def usage(self, counts: dict[str, int]) -> Usage:
        """Anthropic's `input_tokens` are those outside the cache; ours are all that the model read."""
        rest = {name: count for name, count in counts.items() if name != "plain"}
        if "plain" not in counts:
            return Usage(**rest)
        cached = counts.get("tokens_cached", 0) + counts.get("tokens_cache_write", 0)
        return Usage(tokens_input=counts["plain"] + cached, **rest)

    def _finish(self, reason: FinishReason) -> None:
        for place in list(self._blocks):
            self._shut(place)
        self.finish(reason)


def _place(index: Any) -> int:
    return index if isinstance(index, int) else -1
