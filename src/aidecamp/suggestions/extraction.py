"""Suggestions out of a model's answer, event by event; the same result however the stream was cut up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aidecamp.providers.messages import Event, Finished, FinishReason, TextDelta, ToolCall
from aidecamp.suggestions import fences, replies
from aidecamp.suggestions.kinds import Kind
from aidecamp.suggestions.proposals import CUT, TOOL_PREFIX, Malformed, Proposal, from_call
from aidecamp.suggestions.shapes import clean

SHOWN_RAW = 4000


@dataclass(frozen=True, slots=True)
class Text:
    """Shown to the person and stored as it is: the texts in a row are the message's content."""

    text: str


Piece = Text | Proposal | Malformed


class Extractor:
    """Fed with a call's events. Text comes out at once; proposals come out of `close`, and only if the
    provider said itself that the answer is finished: what was cut is told as malformed, never guessed.

    `offered` is what tools were given for; calls where nothing was offered are ignored. With
    `is_schema` the whole answer was asked for as JSON: `{"reply", "suggestion"}`.
    """

    def __init__(self, offered: Sequence[Kind] = (), *, is_schema: bool = False) -> None:
        self._offers_tools = bool(offered) and not is_schema
        self._reader: fences.Fences | replies.Replies = replies.Replies() if is_schema else fences.Fences()
        self._calls: list[Proposal | Malformed] = []
        self._finish: FinishReason | None = None

    def feed(self, event: Event) -> list[Piece]:
        match event:
            case TextDelta(text):
                return _texts(self._reader.feed(clean(text)))
            case ToolCall(_, name, arguments) if self._offers_tools and name.startswith(TOOL_PREFIX):
                self._calls.append(from_call(name, arguments))
            case Finished(reason):
                self._finish = reason
        return []

    def close(self) -> list[Piece]:
        """What is left, after the last event: held text first, then every proposal in its order."""
        text, blocks = self._reader.close(is_finished=self._finish is not None)
        found = [*blocks, *self._calls]
        if self._finish is None:
            found = [_cut(each) for each in found]
        elif self._finish == "length":
            found = [_cut(each) if isinstance(each, Malformed) else each for each in found]
        return [*_texts(text), *found]


def note(malformed: Malformed) -> str:
    """What stays broken is shown as text, with the reason: nothing is dropped silently."""
    raw = malformed.raw.strip()
    shown = raw[:SHOWN_RAW]
    rest = f"\n… {len(raw) - SHOWN_RAW:,} more characters" if len(raw) > SHOWN_RAW else ""
    fence = "`" * max(3, _longest_run(shown) + 1)
    why = "; ".join(reason[:200] for reason in malformed.reasons[:3])
    said = f"*A suggestion could not be used: {why}. This is what the model wrote:*"
    return f"\n\n{said}\n\n{fence}\n{shown}{rest}\n{fence}\n"


def _texts(text: str) -> list[Piece]:
    return [Text(text)] if text else []


def _cut(found: Proposal | Malformed) -> Malformed:
    if isinstance(found, Malformed):
        return Malformed((CUT,), found.raw, found.suggestion_type, is_repairable=False)
    raw = f"{found.title}\n\n{found.reasoning}\n\n" + "\n".join(f"{k}: {v}" for k, v in found.content.items())
    return Malformed((CUT,), raw, found.suggestion_type, is_repairable=False)


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
