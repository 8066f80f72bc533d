"""Chat Completions, as OpenAI defined it and as dozens of servers speak it, each a little differently."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from aidecamp.providers.dialects.complaints import Complaint
from aidecamp.providers.dialects.framing import ServerEvent
from aidecamp.providers.dialects.reader import MOST_TOOL_CALLS, words
from aidecamp.providers.dialects.reader import Reader as Base
from aidecamp.providers.dialects.request import Config, Quirks, Request, warmth, without
from aidecamp.providers.dialects.strict import decode, encode
from aidecamp.providers.messages import FinishReason, Message, Prompt

FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
}


def request(prompt: Prompt, model: str, config: Config, quirks: Quirks) -> Request:
    """`POST /chat/completions` below the base; Azure's classic form names the deployment in the path."""
    body: dict[str, Any] = {
        **config.extra,
        "model": model,
        "messages": [_message(message) for message in prompt.messages],
        quirks.max_tokens_field: prompt.max_tokens,
        "temperature": warmth(prompt.temperature, config, quirks),
        "stream": True if prompt.stream else None,
        "stream_options": {"include_usage": True} if prompt.stream and quirks.reports_usage else None,
        "tools": [_tool(tool) for tool in prompt.tools] or None,
        "response_format": _format(prompt),
        **prompt.extra,
    }
    return Request("POST", _path("/chat/completions", model, config, quirks), encode(without(body, quirks)))


def models_request(config: Config, quirks: Quirks) -> Request:
    if quirks.azure:
        version = f"?{urlencode({'api-version': config.api_version})}" if quirks.azure == "classic" else ""
        return Request("GET", f"/openai{'' if version else '/v1'}/models{version}")
    return Request("GET", "/models")


def models(value: Any) -> list[str]:
    """The ids of a model list; some servers send the bare array."""
    rows = value.get("data") if isinstance(value, dict) else value
    named = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in named if isinstance(name, str) and name]


def key_headers(key: str, quirks: Quirks) -> dict[str, str]:
    return {"api-key": key} if quirks.azure else {"Authorization": f"Bearer {key}"}


def _path(path: str, model: str, config: Config, quirks: Quirks) -> str:
    if quirks.azure == "classic":
        version = urlencode({"api-version": config.api_version})
        return f"/openai/deployments/{quote(model, safe='')}{path}?{version}"
    return f"/openai/v1{path}" if quirks.azure else path


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["content"] = message.content or None
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        said["tool_call_id"] = message.tool_call_id
    return said


def _tool(tool: Any) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _format(prompt: Prompt) -> dict[str, Any] | None:
    if prompt.schema is None:
        return None
    return {"type": "json_schema", "json_schema": {"name": prompt.schema_name, "schema": prompt.schema}}


class Reader(Base):
    """Streams and plain answers; only the first choice, since we never ask for more."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[Any, dict[str, Any]] = {}
        self._latest: Any = None
        self._was_refusal = False

    def on_event(self, event: ServerEvent) -> None:
        if event.data.strip() == b"[DONE]":
            self._finish(self._reason or "other")
        elif event.data.strip():
            self._chunk(decode(event.data))

    def on_document(self, value: Any) -> None:
        if isinstance(value, dict) and not ("choices" in value or "error" in value or "usage" in value):
            return None if self.refused_by(value) else self.complain(Complaint("not_ai"))
        self._chunk(value)
        if not self._over:
            self._finish(self._reason or "stop")
        return None

    def on_end(self) -> None:
        # A finish reason is the provider's own word; some servers never send [DONE] after it.
        if self._reason:
            self._finish(self._reason)

    def _chunk(self, value: Any) -> None:
        if self.refused_by(value):
            return None
        if not isinstance(value, dict):
            return self.complain(Complaint("not_ai"))
        self.named(value.get("model"))
        choices = value.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and choice.get("index") in (0, None):
                self._choice(choice)
        self._report(value)
        return None

    def _choice(self, choice: dict[str, Any]) -> None:
        # Some servers send both: in a stream the message repeats what the deltas said.
        first, second = ("delta", "message") if self._document is None else ("message", "delta")
        said = choice.get(first) or choice.get(second)
        if isinstance(said, dict):
            self._said(said)
        self._count(choice.get("usage"))
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._reason = FINISH.get(reason, "other")
        if isinstance(choice.get("error"), dict):
            self.refused_by(choice)

    def _said(self, said: dict[str, Any]) -> None:
        self.reasoning(words(said.get("reasoning_content") or said.get("reasoning")))
        content = said.get("content")
        for part in content if isinstance(content, list) else (content,):
            if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
                self.reasoning(words(part.get("thinking") or part.get("text")))
            else:
                self.text(words(part))
        if refusal := words(said.get("refusal")):
            self._was_refusal = True
            self.text(refusal)
        calls = said.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._call(call, call.get("function"))
        if isinstance(said.get("function_call"), dict):
            self._call({"index": 0}, said["function_call"])

    def _call(self, call: dict[str, Any], function: Any) -> None:
        """Arguments arrive in pieces by index; some servers repeat an index or leave it out."""
        function = function if isinstance(function, dict) else {}
        place = self._place(call, function)
        if place not in self._parts and len(self._parts) >= MOST_TOOL_CALLS:
            return self.complain(Complaint("too_large"))
        known = self._parts.setdefault(place, {"id": None, "name": "", "pieces": []})
        self._latest = place
        known["id"] = known["id"] or call.get("id")
        known["name"] = known["name"] or function.get("name")
        arguments = function.get("arguments")
        if arguments is not None:
            known["pieces"].append(arguments if isinstance(arguments, str) else encode(arguments).decode())
            self.weigh(known["pieces"][-1])
        return None

    def _place(self, call: dict[str, Any], function: dict[str, Any]) -> Any:
        index, call_id = call.get("index"), call.get("id")
        place = index if isinstance(index, int) else self._latest
        known = self._parts.get(place)
        another = known is not None and call_id and known["id"] and call_id != known["id"]
        if known is None and isinstance(index, int):
            return index
        if known is None or (another and function.get("name")):
            return ("further", len(self._parts)) if known is not None or place is None else place
        return place

    def _report(self, value: dict[str, Any]) -> None:
        groq = value.get("x_groq")
        if isinstance(groq, dict):
            self._count(groq.get("usage"))
        self._count(value.get("usage"))

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        prompt, output = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
        prompt = prompt if isinstance(prompt, dict) else {}
        output = output if isinstance(output, dict) else {}
        cached = prompt.get("cached_tokens")
        self.counted(
            tokens_input=usage.get("prompt_tokens"),
            tokens_output=usage.get("completion_tokens"),
            tokens_cached=usage.get("prompt_cache_hit_tokens") if cached is None else cached,
            tokens_cache_write=prompt.get("cache_write_tokens"),
            tokens_reasoning=output.get("reasoning_tokens"),
        )

    def _finish(self, reason: FinishReason) -> None:
        for call in self._parts.values():
            self.tool_call(call["id"], call["name"], "".join(call["pieces"]))
        self.finish("refusal" if self._was_refusal and reason == "stop" else reason)
