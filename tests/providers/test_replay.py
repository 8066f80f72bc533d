"""Every recording gives its recorded text, calls, end, usage and error, however its bytes are split."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest

from aidecamp.providers.dialects import anthropic, ollama, openai
from aidecamp.providers.dialects.complaints import Complaint, from_body
from aidecamp.providers.messages import Finished, ReasoningDelta, TextDelta, ToolCall, UsageReport

from .recordings import Recording, recordings

ANSWERS = [one for one in recordings() if one.status == 200]
REFUSALS = [one for one in recordings() if one.status != 200]
SPLITS = 60


def heard(dialect: ModuleType, pieces: list[bytes]) -> dict[str, Any]:
    reader = dialect.Reader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    events += reader.close()
    of = lambda kind: [event for event in events if isinstance(event, kind)]  # noqa: E731
    usage = of(UsageReport)
    return {
        "text": "".join(event.text for event in of(TextDelta)),
        "reasoning": "".join(event.text for event in of(ReasoningDelta)),
        "calls": [(call.id, call.name, call.arguments) for call in of(ToolCall)],
        "usage": usage[-1].usage if usage else None,
        "finish": [event.reason for event in of(Finished)],
        "complaint": of(Complaint),
    }


def split(body: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.randrange(len(body) + 1) for _ in range(chance.choice([1, 2, 5, 20, 200])))
    edges = [0, *cuts, len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


@pytest.mark.skipif(not ANSWERS, reason="the shared recordings are not here")
@pytest.mark.parametrize("recording", ANSWERS, ids=lambda one: one.name)
def test_recording_is_read_as_recorded(recording: Recording) -> None:
    got, expected = heard(recording.dialect, [recording.body]), recording.expected
    assert got["text"] == (expected["texts"] or [expected.get("refusal", "")])[0]
    assert [(call_id, name, _parsed(raw)) for call_id, name, raw in got["calls"]] == [
        (call["id"], call["name"], _parsed(call["arguments"])) for call in expected["tool_calls"]
    ]
    assert len(got["reasoning"]) == expected.get("reasoning_chars", 0)
    _same_usage(got["usage"], expected.get("usage_normalised"))
    if "in_stream_error" in expected:
        assert got["finish"] == []
        assert got["complaint"][0].message == expected["in_stream_error"]["message"]
        return
    assert got["complaint"] == []
    known = openai.FINISH | anthropic.FINISH | ollama.FINISH
    reason = "refusal" if "refusal" in expected else known[expected["finish_reasons"][0]]
    assert got["finish"] == [reason]


@pytest.mark.skipif(not ANSWERS, reason="the shared recordings are not here")
@pytest.mark.parametrize("recording", ANSWERS, ids=lambda one: one.name)
def test_any_split_of_the_bytes_reads_the_same(recording: Recording) -> None:
    whole, chance = heard(recording.dialect, [recording.body]), random.Random(recording.name)
    for _ in range(SPLITS if len(recording.body) < 50_000 else 8):
        assert heard(recording.dialect, split(recording.body, chance)) == whole
    if len(recording.body) < 10_000:
        assert heard(recording.dialect, [bytes([byte]) for byte in recording.body]) == whole


@pytest.mark.skipif(not REFUSALS, reason="the shared recordings are not here")
@pytest.mark.parametrize("recording", REFUSALS, ids=lambda one: one.name)
def test_recorded_refusal_is_understood(recording: Recording) -> None:
    said, expected = from_body(recording.body, recording.status), recording.expected["error"]
    message = expected if isinstance(expected, str) else expected.get("message") or expected.get("detail")
    assert said.message.startswith(message[:200])
    assert said.status == recording.status


def _parsed(arguments: str) -> Any:
    """Cut arguments stay text; whole ones may differ in their spaces."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _same_usage(usage: Any, expected: dict[str, Any] | None) -> None:
    if expected is None:
        assert usage is None
        return
    assert (usage.tokens_input, usage.tokens_output) == (expected["input"], expected["output"])
    for ours, theirs in (("tokens_cached", "cache_read"), ("tokens_reasoning", "reasoning")):
        if expected.get(theirs) is not None and "input_uncached" not in expected:
            assert getattr(usage, ours) == expected[theirs]
    if expected.get("cache_read") is not None:
        assert usage.tokens_cached == expected["cache_read"]
