"""The vendors' own SDKs, given the same bytes, read the same answer as our dialects."""

from __future__ import annotations

from typing import Any

import anthropic as anthropic_sdk
import openai as openai_sdk
import pytest

from tests.doubles import Answer, ScriptedProvider

from .recordings import Recording, recordings
from .test_replay import heard

STREAMS = [
    one
    for one in recordings()
    if one.status == 200
    and "in_stream_error" not in one.expected
    and one.body.startswith((b"data:", b"event:"))
]
OPENAI = [one for one in STREAMS if one.dialect.__name__.endswith("openai") and len(one.body) < 50_000]
ANTHROPIC = [one for one in STREAMS if one.dialect.__name__.endswith("anthropic")]


def replayed(recording: Recording) -> Answer:
    pieces = [recording.body[start : start + 97] for start in range(0, len(recording.body), 97)]
    return Answer(200, {"Content-Type": "text/event-stream"}, pieces)


@pytest.mark.skipif(not OPENAI, reason="the shared recordings are not here")
@pytest.mark.parametrize("recording", OPENAI, ids=lambda one: one.name)
async def test_openai_sdk_agrees(provider: ScriptedProvider, recording: Recording) -> None:
    provider.say(replayed(recording))
    text, reasons, calls, usage = "", [], {}, None
    async with openai_sdk.AsyncOpenAI(api_key="k", base_url=provider.base, max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(model="m", messages=[], stream=True)
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in (choice for choice in chunk.choices if choice.index == 0):
                text += choice.delta.content or ""
                reasons += [choice.finish_reason] if choice.finish_reason else []
                for call in choice.delta.tool_calls or []:
                    calls[call.index] = calls.get(call.index, "") + (call.function.arguments or "")
    ours: dict[str, Any] = heard(recording.dialect, [recording.body])
    assert ours["text"] == text
    assert ours["finish"] == reasons[-1:]
    assert [arguments for _, _, arguments in ours["calls"]] == list(calls.values())
    if usage is not None:
        assert ours["usage"].tokens_input == usage.prompt_tokens
        assert ours["usage"].tokens_output == usage.completion_tokens


@pytest.mark.skipif(not ANTHROPIC, reason="the shared recordings are not here")
@pytest.mark.parametrize("recording", ANTHROPIC, ids=lambda one: one.name)
async def test_anthropic_sdk_agrees(provider: ScriptedProvider, recording: Recording) -> None:
    provider.say(replayed(recording))
    question = {"role": "user", "content": "x"}
    async with (
        anthropic_sdk.AsyncAnthropic(api_key="k", base_url=provider.bare, max_retries=0) as sdk,
        sdk.messages.stream(model="m", messages=[question], max_tokens=9) as stream,
    ):
        final = await stream.get_final_message()
    ours: dict[str, Any] = heard(recording.dialect, [recording.body])
    assert ours["text"] == "".join(block.text for block in final.content if block.type == "text")
    assert [name for _, name, _ in ours["calls"]] == [b.name for b in final.content if b.type == "tool_use"]
    assert ours["usage"].tokens_output == final.usage.output_tokens
    cached = (final.usage.cache_read_input_tokens or 0) + (final.usage.cache_creation_input_tokens or 0)
    assert ours["usage"].tokens_input == final.usage.input_tokens + cached
