"""Ollama's own `/api/chat`: one JSON object a line, whole tool calls, a context size that we set."""

from __future__ import annotations

from typing import Any

from aidecamp.providers.dialects.complaints import Complaint
from aidecamp.providers.dialects.framing import ServerEvent
from aidecamp.providers.dialects.reader import Reader as Base
from aidecamp.providers.dialects.reader import words
from aidecamp.providers.dialects.request import Config, Quirks, Request, warmth, without
from aidecamp.providers.dialects.strict import Malformed, decode, encode
from aidecamp.providers.messages import FinishReason, Message, Prompt

FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
SMALLEST_CONTEXT = 4096
LARGEST_CONTEXT = 131_072
OPTIONS = ("num_ctx", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "stop")


def request(prompt: Prompt, model: str, config: Config, quirks: Quirks) -> Request:
    """`POST /api/chat` below the bare base; `stream` is always said, since Ollama streams by default."""
    messages = _messages(prompt.messages)
    tools = [_tool(tool) for tool in prompt.tools]
    options = {name: config.extra[name] for name in OPTIONS if name in config.extra}
    options |= {"num_predict": prompt.max_tokens}
    options.setdefault("num_ctx", context(len(encode([messages, tools])), prompt.max_tokens))
    temperature = warmth(prompt.temperature, config, quirks)
    if temperature is not None:
        options["temperature"] = temperature
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": prompt.stream,
        "tools": tools or None,
        "format": prompt.schema,
        "think": config.extra.get("think"),
        "keep_alive": config.extra.get("keep_alive"),
        "options": options,
        **prompt.extra,
    }
    return Request("POST", "/api/chat", encode(without(body, quirks)))


def context(request_bytes: int, max_output: int) -> int:
    """A window that holds the request and the answer, as a power of two so that models stay loaded.

    Ollama cuts what does not fit without a word, so this rounds up: two bytes a token is the dense end.
    """
    needed, size = request_bytes // 2 + max_output, SMALLEST_CONTEXT
    while size < needed and size < LARGEST_CONTEXT:
        size *= 2
    return size


def models_request(config: Config, quirks: Quirks) -> Request:
    return Request("GET", "/api/tags")


def models(value: Any) -> list[str]:
    rows = value.get("models") if isinstance(value, dict) else None
    named = [row.get("name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in named if isinstance(name, str) and name]


def key_headers(key: str, quirks: Quirks) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _messages(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    names: dict[str, str] = {}
    said = []
    for message in messages:
        one: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            one["tool_calls"] = [_call(call.name, call.arguments) for call in message.tool_calls]
            names |= {call.id: call.name for call in message.tool_calls}
        if message.tool_call_id is not None:
            one["tool_name"] = names.get(message.tool_call_id, "")
        said.append(one)
    return said


def _call(name: str, raw: str) -> dict[str, Any]:
    try:
        arguments = decode(raw.encode("utf-8", "replace"))
    except Malformed:
        arguments = {}
    return {"function": {"name": name, "arguments": arguments if isinstance(arguments, dict) else {}}}


def _tool(tool: Any) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


class Reader(Base):
    """Lines of JSON, or the one object of a plain answer."""

    lines_are_documents = True

    def on_event(self, event: ServerEvent) -> None:
        # Some gateways wrap Ollama's objects as server-sent events.
        if event.data.strip() != b"[DONE]":
            self.on_document(decode(event.data))

    def on_document(self, value: Any) -> None:
        if self.refused_by(value):
            return None
        if not isinstance(value, dict) or not ("message" in value or "done" in value):
            return self.complain(Complaint("not_ai"))
        self.named(value.get("model"))
        if isinstance(value.get("message"), dict):
            self._said(value["message"])
        self.counted(tokens_input=value.get("prompt_eval_count"), tokens_output=value.get("eval_count"))
        if value.get("done") is True and not self._over:
            reason = value.get("done_reason")
            self.finish(FINISH.get(reason, "other") if isinstance(reason, str) else "stop")
        return None

    def _said(self, message: dict[str, Any]) -> None:
        self.reasoning(words(message.get("thinking")))
        self.text(words(message.get("content")))
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and not self._over:
                arguments = encode(function.get("arguments") or {}).decode()
                self.weigh(arguments)
                self.tool_call(call.get("id"), function.get("name"), arguments)
