"""How every fault of a provider ends a call: with a code, a way out, and the true usage."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from aidecamp.egress import EndpointBlocked
from aidecamp.errors import Refusal
from aidecamp.providers.call import Models
from aidecamp.providers.failures import ProviderFailure
from aidecamp.providers.messages import Finished, TextDelta, UsageReport
from tests.doubles import (
    CUT,
    HANG,
    SSE,
    Answer,
    ScriptedProvider,
    json_answer,
    openai_stream,
    refusal,
)

from .conftest import KEY, called, connected, events


def said(heard: list[object]) -> str:
    return "".join(event.text for event in heard if isinstance(event, TextDelta))


async def failed(models: Models, provider: ScriptedProvider, **more: int) -> tuple[Refusal, object]:
    call = called(models, connected(provider.base), **more)
    with pytest.raises(Refusal) as caught:
        await events(call)
    return caught.value, call.outcome()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(401), "invalid_key"),
        (refusal(403), "invalid_key"),
        (refusal(402), "insufficient_credit"),
        (refusal(429, "quota", "insufficient_quota"), "insufficient_credit"),
        (refusal(404, "The model `x` does not exist", "model_not_found"), "model_not_found"),
        (refusal(400, "too long", "context_length_exceeded"), "context_too_long"),
        (refusal(413), "context_too_long"),
        (refusal(400, "stopped", "content_filter"), "content_filtered"),
        (refusal(400, "what?"), "provider_error"),
        (refusal(408), "provider_timeout"),
        (refusal(429), "provider_rate_limited"),
        (refusal(429, "slow down", Retry_After="60"), "provider_rate_limited"),
        (refusal(500), "provider_error"),
        (refusal(502), "provider_error"),
        (refusal(504), "provider_timeout"),
        (Answer(302, {"Location": "http://169.254.169.254/"}), "provider_error"),
        (Answer(200, {"Content-Type": "text/html"}, [b"<html>secret page</html>"]), "provider_error"),
        (json_answer({"error": {"message": "model not loaded", "code": 500}}), "provider_error"),
        (json_answer({"hello": "world"}), "provider_error"),
        (Answer(200, {"Content-Encoding": "gzip"}, [b"\x1f\x8b"]), "provider_error"),
        (Answer(200, SSE, [b'data: {"choices": [}\n\n']), "provider_error"),
        (Answer(200, SSE, [HANG]), "provider_timeout"),
        (Answer(200, before=3), "provider_timeout"),
    ],
)
async def test_every_refusal_has_a_code_and_a_way_out(
    models: Models, provider: ScriptedProvider, answer: Answer, code: str
) -> None:
    provider.always(answer)
    failure, outcome = await failed(models, provider)
    assert failure.code == code
    assert failure.help
    assert outcome.error_code == code  # type: ignore[attr-defined]
    assert len(provider.posts) == 1
    assert "secret page" not in json.dumps(failure.problem())


async def test_PROV_04_overload_is_retried_twice_before_the_first_byte(
    models: Models, provider: ScriptedProvider
) -> None:
    provider.say(refusal(529), refusal(503, Retry_After="0"), openai_stream(["ok"]))
    assert said(await events(called(models, connected(provider.base)))) == "ok"
    provider.always(refusal(503, Retry_After="0"))
    failure, outcome = await failed(models, provider)
    assert failure.code == "provider_overloaded"
    assert len(provider.posts) == 6
    assert not outcome.opened  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wait", "posts"), [("0", 2), ("-1", 1), ("NaN", 1), ("1e9", 1), ("6", 1), (None, 1)]
)
async def test_PROV_01_only_a_short_named_wait_is_waited_for(
    models: Models, provider: ScriptedProvider, wait: str | None, posts: int
) -> None:
    headers = {} if wait is None else {"Retry_After": wait}
    provider.say(refusal(429, "slow down", "rate_limit_exceeded", **headers))
    call = called(models, connected(provider.base))
    if posts == 2:
        assert said(await events(call))
    else:
        with pytest.raises(ProviderFailure) as caught:
            await events(call)
        assert caught.value.code == "provider_rate_limited"
        assert caught.value.retry_after == (6 if wait == "6" else None)
    assert len(provider.posts) == posts


async def test_PROV_07_answer_cut_before_its_end_is_interrupted(
    models: Models, provider: ScriptedProvider
) -> None:
    for answer in (
        openai_stream(["Half an"], cut=True),
        Answer(200, SSE, openai_stream(["Half an"]).pieces[:3]),
    ):
        provider.say(answer)
        call = called(models, connected(provider.base))
        heard = []
        with pytest.raises(ProviderFailure) as caught:
            async for event in call:
                heard.append(event)
        assert caught.value.interrupted
        assert said(heard) == "Half an"
        assert call.outcome().received_bytes == 7
        assert call.outcome().opened


async def test_PROV_06_error_inside_a_stream_ends_it(models: Models, provider: ScriptedProvider) -> None:
    error = b'data: {"error": {"message": "Overloaded", "type": "overloaded_error"}}\n\n'
    provider.say(Answer(200, SSE, [*openai_stream(["Half"]).pieces[:3], error]))
    failure, outcome = await failed(models, provider)
    assert failure.code == "provider_overloaded"
    assert outcome.received_bytes == 4  # type: ignore[attr-defined]
    assert len(provider.posts) == 1


async def test_PROV_09_cut_inside_the_last_frame_is_complete(
    models: Models, provider: ScriptedProvider
) -> None:
    provider.say(Answer(200, SSE, [*openai_stream(["Whole"], usage=None).pieces[:-1], b"data: [DO"]))
    heard = await events(called(models, connected(provider.base)))
    assert isinstance(heard[-1], Finished)


async def test_PROV_22_endless_tokens_are_cut_at_what_was_reserved(
    models: Models, provider: ScriptedProvider
) -> None:
    provider.say(Answer(200, SSE, [*(openai_stream(["word " * 200]).pieces[2] for _ in range(5000)), HANG]))
    call = called(models, connected(provider.base), max_output=100)
    heard = await events(call)
    assert heard[-1] == Finished("length", None)
    assert len(said(heard)) < 100 * 12 + 1024 + 1001


async def test_PROV_21_event_without_an_end_is_cut(models: Models, provider: ScriptedProvider) -> None:
    provider.say(Answer(200, SSE, [b"data: ", *[b"x" * 65536] * 40, HANG]))
    failure, _ = await failed(models, provider, max_output=20_000)
    assert failure.code == "provider_error"


async def test_PROV_24_a_drip_is_ended(models: Models, provider: ScriptedProvider) -> None:
    provider.say(Answer(200, SSE, [step for _ in range(200) for step in (b":", 0.1)]))
    began = time.monotonic()
    failure, _ = await failed(models, provider)
    assert failure.code == "provider_timeout"
    assert time.monotonic() - began < 15  # the whole drip takes twenty seconds


async def test_closed_port_and_blocked_endpoint(models: Models, provider: ScriptedProvider) -> None:
    with pytest.raises(EndpointBlocked):
        await events(called(models, connected("http://127.0.0.1:1/v1")))
    assert provider.requests == []


async def test_learned_refusals_are_left_out_of_the_next_request(
    models: Models, provider: ScriptedProvider
) -> None:
    no = json_answer({"error": {"message": "Unsupported value: 'temperature'", "param": "temperature"}}, 400)
    provider.say(no)
    target = connected(provider.base, config={"temperature": 0.3})
    await events(called(models, target))
    await events(called(models, target))
    assert ["temperature" in request.json for request in provider.posts] == [True, False, False]


async def test_KEY_08_a_key_that_the_provider_repeats_is_nowhere_in_the_problem(
    models: Models, provider: ScriptedProvider
) -> None:
    provider.always(refusal(401, f"Incorrect API key provided: {KEY}"))
    failure, _ = await failed(models, provider)
    assert KEY[:12] not in json.dumps(failure.problem()) + repr(failure) + str(failure.__dict__)


async def test_leaving_early_closes_the_connection(models: Models, provider: ScriptedProvider) -> None:
    provider.say(Answer(200, SSE, [*openai_stream(["a"]).pieces[:3], HANG]))
    call = called(models, connected(provider.base))
    task = asyncio.create_task(events(call))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call.outcome().received_bytes == 1


async def test_hidden_characters_do_not_reach_the_reader(models: Models, provider: ScriptedProvider) -> None:
    provider.say(openai_stream(["a\x00b\u202ec\U000e0041d\u200de\nf"]))
    assert said(await events(called(models, connected(provider.base)))) == "a\ufffdbcd\u200de\nf"


async def test_usage_that_can_not_be_true_counts_as_not_reported(
    models: Models, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["a"], usage=(-5, 10**18)))
    heard = await events(called(models, connected(provider.base)))
    assert not [event for event in heard if isinstance(event, UsageReport) and event.usage.tokens_output]


async def test_cut_pieces_are_not_lost(models: Models, provider: ScriptedProvider) -> None:
    provider.say(Answer(200, SSE, [*openai_stream(["a"]).pieces, CUT]))
    assert said(await events(called(models, connected(provider.base)))) == "a"
