"""The incremental reading that all dialects share: what kind of body it is, its frames, its end."""

from __future__ import annotations

from typing import Any

from aidecamp.metering.reservation import Usage
from aidecamp.providers.dialects.complaints import Complaint, from_value
from aidecamp.providers.dialects.framing import Events, Lines, Oversized, ServerEvent
from aidecamp.providers.dialects.strict import Malformed, Whole, decode, encode, whole
from aidecamp.providers.messages import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    UsageReport,
)

Heard = Event | Complaint

DOCUMENT_LIMIT = 16 << 20
MOST_TOOL_CALLS = 128
BLANK = b" \t\r\n\xef\xbb\xbf"
LARGEST_COUNT = 2**31 - 1


class Reader:
    """Bytes in, events out: any split of the same bytes gives the same text, calls, usage and end.

    `feed` and `close` never raise for what a provider sends: a `Complaint` is the last event then.
    Without a `Finished` or a `Complaint` after `close`, the answer was cut.
    """

    lines_are_documents = False

    def __init__(self) -> None:
        self._out: list[Heard] = []
        self._frames: Events | Lines | None = None
        self._document: bytearray | None = None
        self._over = False
        self._text = Whole()
        self._reasoning = Whole()
        self._calls: list[ToolCall] = []
        self._usage: dict[str, int] = {}
        self._model: str | None = None
        self._reason: FinishReason | None = None
        self.volume = 0
        """Bytes of text, reasoning and tool arguments in UTF-8, also of calls that are not whole yet."""

    def feed(self, data: bytes) -> list[Heard]:
        if not self._over:
            self._guarded(self._take, data)
        return self._drain()

    def close(self) -> list[Heard]:
        """The end of the body, clean or cut: what was still held back, and how it ended if that is known."""
        if not self._over:
            self._guarded(self._end)
        self._flush_text()
        return self._drain()

    # What a dialect fills in.

    def on_event(self, event: ServerEvent) -> None:
        """One server-sent event."""
        raise NotImplementedError

    def on_document(self, value: Any) -> None:
        """A whole answer as one JSON value, or one line of newline-delimited JSON."""
        raise NotImplementedError

    def on_end(self) -> None:
        """The body ended after its last frame."""

    # What dialects say.

    def text(self, piece: str) -> None:
        if piece and (piece := self._text.add(piece)):
            self.weigh(piece)
            self._out.append(TextDelta(piece))

    def reasoning(self, piece: str) -> None:
        if piece and (piece := self._reasoning.add(piece)):
            self.weigh(piece)
            self._out.append(ReasoningDelta(piece))

    def tool_call(self, call_id: Any, name: Any, arguments: Any) -> None:
        """A whole call. It is held until the provider's own end, so that a cut answer proposes nothing."""
        if len(self._calls) >= MOST_TOOL_CALLS:
            return self.complain(Complaint("too_large"))
        if not isinstance(arguments, str):
            arguments = encode({} if arguments is None else arguments).decode()
        made = call_id if isinstance(call_id, str) and call_id else f"call_{len(self._calls)}"
        name = name if isinstance(name, str) else ""
        self._calls.append(ToolCall(whole(made), whole(name), whole(arguments)))
        return None

    def weigh(self, piece: str) -> None:
        self.volume += len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))

    def counted(self, **counts: Any) -> None:
        """Take over the newest sane figures; what a later report leaves out keeps its earlier value."""
        before = dict(self._usage)
        self._usage |= {name: n for name, value in counts.items() if (n := _count(value)) is not None}
        if self._usage and self._usage != before:
            self._out.append(UsageReport(self.usage(self._usage)))

    def usage(self, counts: dict[str, int]) -> Usage:
        return Usage(**counts)

    def finish(self, reason: FinishReason) -> None:
        self._flush_text()
        self._out += self._calls
        self._out.append(Finished(reason, self._model))
        self._over = True

    def complain(self, complaint: Complaint) -> None:
        if self._over:
            return
        self._flush_text()
        self._out.append(complaint)
        self._over = True

    def refused_by(self, value: Any) -> bool:
        said = from_value(value)
        if said:
            self.complain(said)
        return said is not None

    def named(self, model: Any) -> None:
        if isinstance(model, str) and model:
            self._model = whole(model[:200])

    # The machine.

    def _guarded(self, step: Any, *arguments: Any) -> None:
        try:
            step(*arguments)
        except Oversized:
            self.complain(Complaint("too_large"))
        except Malformed:
            self.complain(Complaint("malformed"))

    def _take(self, data: bytes) -> None:
        if self._document is not None:
            self._grow(data)
        elif self._frames is not None:
            self._frame(data)
        else:
            start = data.lstrip(BLANK)
            if start:
                self._recognise(start)

    def _recognise(self, start: bytes) -> None:
        """The body itself tells its kind: content types of real providers do not."""
        if start[:1] == b"<":
            self.complain(Complaint("not_ai"))
        elif start[:1] in (b"{", b"[") and not self.lines_are_documents:
            self._document = bytearray()
            self._grow(start)
        else:
            self._frames = Lines() if start[:1] == b"{" else Events()
            self._frame(start)

    def _grow(self, data: bytes) -> None:
        assert self._document is not None
        self._document += data
        if len(self._document) > DOCUMENT_LIMIT:
            raise Oversized

    def _frame(self, data: bytes) -> None:
        assert self._frames is not None
        for frame in self._frames.feed(data):
            if self._over:
                return
            self._one(frame)

    def _one(self, frame: ServerEvent | bytes) -> None:
        if isinstance(frame, ServerEvent):
            self.on_event(frame)
        elif frame.strip():
            self.on_document(decode(frame))

    def _end(self) -> None:
        if self._document is not None:
            self.on_document(decode(self._document))
        elif isinstance(self._frames, Events):
            for event in self._frames.rest():
                self._last(event)
        elif self._frames is not None and (line := self._frames.rest()):
            self._last(line)
        if not self._over:
            self.on_end()

    def _last(self, frame: ServerEvent | bytes) -> None:
        """A frame without its end may be cut inside: then it is as if it never came."""
        try:
            self._one(frame)
        except Malformed:
            return

    def _flush_text(self) -> None:
        if rest := self._reasoning.rest():
            self._out.append(ReasoningDelta(rest))
        if rest := self._text.rest():
            self._out.append(TextDelta(rest))

    def _drain(self) -> list[Heard]:
        out, self._out = self._out, []
        return out


def _count(value: Any) -> int | None:
    """A token count that can be true; anything else is as if it was not reported."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def words(value: Any) -> str:
    """Text however it is wrapped: a string, an object with `text`, or an array of either."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return words(value.get("text"))
    if isinstance(value, list):
        return "".join(words(part) for part in value)
    return ""
