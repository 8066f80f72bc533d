"""One call: what goes out, what comes back, what it used."""

from __future__ import annotations

import json

import pytest

from aidecamp.errors import Refusal
from aidecamp.providers.call import Models
from aidecamp.providers.messages import Finished, TextDelta, Tool, ToolCall
from tests.doubles import (
    ScriptedProvider,
    anthropic_stream,
    ollama_stream,
    openai_plain,
    openai_stream,
)

from .conftest import KEY, asked, called, connected, events

WEATHER = Tool(
    "weather", "The weather of a city", {"type": "object", "properties": {"city": {"type": "string"}}}
)


def said(heard: list[object]) -> str:
    return "".join(event.text for event in heard if isinstance(event, TextDelta))


async def failed(models: Models, provider: ScriptedProvider, **more: int) -> tuple[Refusal, object]:
    call = called(models, connected(provider.base), **more)
    with pytest.raises(Refusal) as caught:
        await events(call)
    return caught.value, call.outcome()


async def test_stream_gives_text_usage_and_end(models: Models, provider: ScriptedProvider) -> None:
    provider.say(openai_stream(["Hel", "lo"], usage=(14, 2), cached=4))
    call = called(models, connected(provider.base))
    heard = await events(call)
    assert said(heard) == "Hello"
    assert isinstance(heard[-1], Finished)
    outcome = call.outcome()
    assert outcome.usage is not None
    assert (outcome.usage.tokens_input, outcome.usage.tokens_cached, outcome.usage.tokens_output) == (
        14,
        4,
        2,
    )
    assert outcome.opened
    assert outcome.received_bytes == 5
    assert outcome.error_code is None


async def test_plain_answer_gives_the_same(models: Models, provider: ScriptedProvider) -> None:
    provider.say(openai_plain("Hello", usage=(14, 2)))
    heard = await events(called(models, connected(provider.base), asked(stream=False)))
    assert said(heard) == "Hello"
    assert "stream" not in provider.requests[0].json


async def test_tool_call_is_whole_and_before_the_end(models: Models, provider: ScriptedProvider) -> None:
    provider.say(openai_stream([], tools=[("weather", {"city": "Köln"})]))
    heard = await events(called(models, connected(provider.base), asked(tools=(WEATHER,))))
    call, end = heard[-2], heard[-1]
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"city": "Köln"}
    assert end == Finished("tool_calls", "scripted-1")
    assert provider.requests[0].json["tools"][0]["function"]["name"] == "weather"


async def test_three_dialects_ask_in_their_own_words(models: Models, provider: ScriptedProvider) -> None:
    provider.say(openai_stream(["a"]), anthropic_stream(["b"]), ollama_stream(["c"]))
    for kind, endpoint in (
        ("custom", provider.base),
        ("anthropic", provider.bare),
        ("ollama", provider.bare),
    ):
        await events(called(models, connected(endpoint, kind, config={"temperature": 0.3})))  # type: ignore[arg-type]
    openai, anthropic, ollama = provider.posts
    assert openai.path == "/v1/chat/completions"
    assert openai.headers["authorization"] == f"Bearer {KEY}"
    assert openai.json["max_tokens"] == 500
    assert openai.json["stream_options"] == {"include_usage": True}
    assert anthropic.path == "/v1/messages"
    assert anthropic.headers["x-api-key"] == KEY
    assert anthropic.json["system"] == "Be brief."
    assert anthropic.json["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Say hello."}]}
    ]
    assert ollama.path == "/api/chat"
    assert ollama.json["options"] == {"num_predict": 500, "num_ctx": 4096, "temperature": 0.3}
    assert all(request.headers["accept-encoding"] == "identity" for request in provider.posts)


async def test_azure_is_a_row_on_the_openai_dialect(models: Models, provider: ScriptedProvider) -> None:
    await events(
        called(models, connected(provider.bare, "azure_openai", config={"api_version": "2024-10-21"}))
    )
    await events(called(models, connected(provider.bare, "azure_openai")))
    classic, current = provider.posts
    assert classic.path == "/openai/deployments/scripted-1/chat/completions?api-version=2024-10-21"
    assert current.path == "/openai/v1/chat/completions"
    assert classic.headers["api-key"] == KEY
    assert "authorization" not in classic.headers


async def test_a_call_that_never_began_took_no_time(models: Models, provider: ScriptedProvider) -> None:
    outcome = called(models, connected(provider.base)).outcome()
    assert (outcome.opened, outcome.latency_ms, outcome.time_to_first_token_ms) == (False, None, None)
