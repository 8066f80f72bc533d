"""What a broken or hostile server may send: bounded, defined, never an exception of ours."""

from __future__ import annotations

import json
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.providers.dialects import anthropic, ollama, openai
from aidecamp.providers.dialects.complaints import Complaint
from aidecamp.providers.messages import Finished

from .test_replay import heard

DIALECTS = [openai, anthropic, ollama]


def sse(*values: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


@pytest.mark.parametrize("dialect", DIALECTS)
@given(body=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_give_a_defined_end(dialect: ModuleType, body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    assert heard(dialect, pieces) == heard(dialect, [body])


EVENTS = ["message_start", "content_block_delta", "message_delta"]
TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "message", "content", "tool_calls", "function", "arguments", "name", "index",
             "usage", "prompt_tokens", "type", "text", "content_block", "partial_json", "error", "done",
             "finish_reason", "id"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@given(
    values=st.lists(JSON, max_size=4),
    kind=st.sampled_from(["message_start", "content_block_delta", "message_delta"]),
)
def test_any_json_gives_a_defined_end(dialect: ModuleType, values: list[Any], kind: str) -> None:
    typed = [value | {"type": kind} if isinstance(value, dict) else value for value in values]
    for body in (sse(*values), sse(*typed), b"\n".join(json.dumps(value).encode() for value in values)):
        heard(dialect, [body])


def ended(body: bytes, dialect: ModuleType = openai) -> tuple[list[Any], list[str]]:
    got = heard(dialect, [body])
    return got["finish"], [complaint.kind for complaint in got["complaint"]]


def test_PROV_13_broken_json_ends_the_stream() -> None:
    assert ended(b'data: {"choices": [}\n\n') == ([], ["malformed"])
    assert ended(b'data: {"choices": NaN}\n\n') == ([], ["malformed"])
    assert ended(b"data: " + b"[" * 100_000 + b"\n\n") == ([], ["malformed"])
    assert ended(b'data: {"x": 1e999}\n\n') == ([], ["malformed"])
    assert ended(b'{"message": {"content": ', ollama)[0] == []


def test_a_hundred_thousand_tool_calls_are_too_many() -> None:
    calls = [
        {"index": n, "id": f"c{n}", "function": {"name": "x", "arguments": "{}"}} for n in range(100_000)
    ]
    assert ended(sse(chunk(tool_calls=calls[:5000]), chunk(finish="tool_calls"))) == ([], ["too_large"])
    lines = {"message": {"tool_calls": calls[:5000]}, "done": True}
    assert ended(json.dumps(lines).encode(), ollama) == ([], ["too_large"])


def test_PROV_15_16_text_is_split_on_line_feeds_only_and_made_whole() -> None:
    odd = "a\u2028b\u0085c\x0bd"
    assert heard(openai, [sse(chunk(content=odd), chunk("stop"))])["text"] == odd
    broken = b'data: {"choices":[{"index":0,"delta":{"content":"a\xff\\ud83d"}}]}\n\n'
    rest = b'data: {"choices":[{"index":0,"delta":{"content":"\\ude00\\u0000\\udc00"}}]}\n\ndata: [DONE]\n\n'
    assert heard(openai, [broken, rest])["text"] == "a\ufffd\U0001f600\ufffd\ufffd"


def test_PROV_12_33_usage_alone_and_repeated_starts_are_accepted() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    got = heard(openai, [sse(chunk(content="a"), usage, usage, chunk("stop"), usage)])
    assert (got["usage"].tokens_input, got["usage"].tokens_output, got["finish"]) == (3, 4, ["stop"])
    start = {
        "type": "message_start",
        "message": {"model": "m", "usage": {"input_tokens": 2, "output_tokens": 1}},
    }
    delta = {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "x"}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
    got = heard(anthropic, [sse(start, start, delta, end, {"type": "message_stop"})])
    assert (got["text"], got["usage"].tokens_output, got["finish"]) == ("x", 5, ["stop"])


def test_indices_that_repeat_or_are_missing_do_not_mix_calls() -> None:
    one = {"index": 0, "id": "a", "function": {"name": "first", "arguments": '{"n":1}'}}
    two = {"index": 0, "id": "b", "function": {"name": "second", "arguments": {"n": 2}}}
    three = {"id": "c", "function": {"name": "third", "arguments": "{}"}}
    got = heard(
        openai,
        [sse(chunk(tool_calls=[one]), chunk(tool_calls=[two]), chunk(tool_calls=[three]), chunk("stop"))],
    )
    assert [name for _, name, _ in got["calls"]] == ["first", "second", "third"]


def test_PROV_07_tool_calls_of_a_cut_stream_are_never_given() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}
    got = heard(openai, [sse(chunk(tool_calls=[call]))])
    assert (got["calls"], got["finish"], got["complaint"]) == ([], [], [])


def test_nothing_is_read_after_the_end() -> None:
    reader = openai.Reader()
    events = reader.feed(sse(chunk("stop")) + b"data: [DONE]\n\n" + sse(chunk(content="more")))
    assert isinstance(events[-1], Finished)
    assert reader.feed(b"data: {\n\n") == []
    assert not [event for event in reader.close() if isinstance(event, Complaint)]
