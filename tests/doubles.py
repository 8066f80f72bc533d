"""The scripted provider: a real HTTP server on loopback that says these bytes at these times, then fails.

    async with scripted() as provider:
        provider.say(openai_stream(["Hel", "lo"], usage=(14, 2)))      # the next POST gets this, once
        provider.always(openai_stream(["again"]))                     # every POST without an own answer
        … a provider row: type `custom`, api_endpoint=provider.base   (http://127.0.0.1:PORT/v1),
          type `anthropic` or `ollama`: api_endpoint=provider.bare     (without /v1);
          settings: AIDECAMP_PRIVATE_ENDPOINTS=provider.listed         (127.0.0.1:PORT) …
        provider.requests[-1].json["model"], .headers["authorization"]

An `Answer` is a status, headers and a script: bytes are sent as one chunk each, a float waits so many
seconds, `CUT` drops the connection inside the answer, `HANG` says nothing more until the client leaves.
`openai_stream(..., cut=True)` and `Answer(pieces=[*some, CUT])` lie and break as they like. GET gives a
list of models (`provider.models`). `provider.open` counts answers that are being given now.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CUT = "cut"
HANG = "hang"
Step = bytes | float | str


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    pieces: Sequence[Step] = ()
    before: float = 0.0
    """Seconds before the head is sent; `HANG` as a piece hangs after it."""


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedProvider:
    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.models = ["scripted-1", "scripted-2"]
        self.open = 0
        self.port = 0
        self._next: deque[Any] = deque()
        self._always: Any = openai_stream(["Hello from the script."], usage=(14, 5))

    @property
    def base(self) -> str:
        return f"{self.bare}/v1"

    @property
    def bare(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def listed(self) -> str:
        return f"127.0.0.1:{self.port}"

    def say(self, *answers: Any) -> None:
        """Answers (or functions of the request) for the next POSTs, in order."""
        self._next.extend(answers)

    def always(self, answer: Any) -> None:
        self._always = answer

    @property
    def posts(self) -> list[Received]:
        return [request for request in self.requests if request.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while request := await _receive(reader):
                self.requests.append(request)
                self.open += 1
                try:
                    if not await _give(self._answer(request), writer):
                        break
                finally:
                    self.open -= 1
        writer.transport.abort()

    def _answer(self, request: Received) -> Answer:
        if request.method == "GET":
            rows = [{"id": name, "name": name, "object": "model"} for name in self.models]
            return json_answer({"object": "list", "data": rows, "models": rows})
        chosen = self._next.popleft() if self._next else self._always
        return chosen(request) if callable(chosen) else chosen


@asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedProvider]:
    provider = ScriptedProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, limit=1 << 24)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()


async def _receive(reader: asyncio.StreamReader) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body)


async def _give(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Play the script; True when the connection is still good for another request."""
    if answer.before:
        await asyncio.sleep(answer.before)
    head = {"Transfer-Encoding": "chunked", **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    for step in answer.pieces:
        if step == CUT:
            return False
        if step == HANG:
            await asyncio.sleep(3600)
        elif isinstance(step, float | int):
            await asyncio.sleep(step)
        elif isinstance(step, bytes) and step:
            writer.write(b"%x\r\n%b\r\n" % (len(step), step))
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


SSE = {"Content-Type": "text/event-stream"}


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, {"Content-Type": "application/json", **named}, [json.dumps(value).encode()])


def refusal(
    status: int, message: str = "no", code: str | None = None, kind: str = "error", **headers: str
) -> Answer:
    """An error as OpenAI shapes it."""
    return json_answer(
        {"error": {"message": message, "type": kind, "param": None, "code": code}}, status, **headers
    )


def openai_stream(
    text_chunks: Iterable[str] = (),
    *,
    usage: tuple[int, int] | None = (10, 5),
    tools: Sequence[tuple[str, dict[str, Any]]] = (),
    finish: str | None = None,
    model: str = "scripted-1",
    gap: float = 0.0,
    cut: bool = False,
    cached: int = 0,
) -> Answer:
    """Chat Completions as a stream: a chunk a text, whole tool calls, then the end and the usage.

    `gap` waits before each chunk; `cut` drops the connection after the text; `usage=None` reports none.
    """
    pieces: list[Step] = [_chunk(model, {"role": "assistant", "content": ""})]
    for text in text_chunks:
        pieces += [gap, _chunk(model, {"content": text})]
    if cut:
        return Answer(200, SSE, [*pieces, CUT])
    for index, (name, arguments) in enumerate(tools):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        pieces.append(_chunk(model, {"tool_calls": [call]}))
    pieces.append(_chunk(model, {}, finish or ("tool_calls" if tools else "stop")))
    if usage is not None:
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        counted["prompt_tokens_details"] = {"cached_tokens": cached}
        pieces.append(
            _data({"object": "chat.completion.chunk", "model": model, "choices": [], "usage": counted})
        )
    return Answer(200, SSE, [*pieces, b"data: [DONE]\n\n"])


def openai_plain(text: str, *, usage: tuple[int, int] | None = (10, 5), model: str = "scripted-1") -> Answer:
    message = {"role": "assistant", "content": text}
    body: dict[str, Any] = {"object": "chat.completion", "model": model}
    body["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return json_answer(body)


def anthropic_stream(
    text_chunks: Iterable[str] = (),
    *,
    usage: tuple[int, int] = (10, 5),
    tools: Sequence[tuple[str, dict[str, Any]]] = (),
    stop_reason: str | None = None,
    model: str = "claude-scripted",
) -> Answer:
    start = {"role": "assistant", "model": model, "usage": {"input_tokens": usage[0], "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for text in text_chunks:
        delta = {"type": "text_delta", "text": text}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    for index, (name, arguments) in enumerate(tools, 1):
        block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    reason = stop_reason or ("tool_use" if tools else "end_turn")
    ending = {"stop_reason": reason, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": usage[1]}})
    events.append({"type": "message_stop"})
    return Answer(200, SSE, [f"event: {event['type']}\n".encode() + _data(event) for event in events])


def ollama_stream(
    text_chunks: Iterable[str] = (), *, usage: tuple[int, int] = (10, 5), model: str = "llama-scripted"
) -> Answer:
    said = [
        {"model": model, "message": {"role": "assistant", "content": t}, "done": False} for t in text_chunks
    ]
    end = {
        "model": model,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
    }
    end |= {"prompt_eval_count": usage[0], "eval_count": usage[1]}
    lines = [json.dumps(line).encode() + b"\n" for line in (*said, end)]
    return Answer(200, {"Content-Type": "application/x-ndjson"}, lines)


def _chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, "choices": [choice]})


def _data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
