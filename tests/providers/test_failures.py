"""The failure table: what real providers were seen to say, and the code that it becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aidecamp.providers.dialects.complaints import from_body
from aidecamp.providers.failures import from_answer, from_complaint, wait_named

from .recordings import recordings

RECORDED = {
    "anthropic_err_400-1": "provider_error",
    "anthropic_err_401-1": "invalid_key",
    "anthropic_err_404-1": "model_not_found",
    "azure_err-1": "model_not_found",
    "deepseek_err_400-1": "provider_error",
    "groq_err_400-1": "provider_error",
    "groq_err_401-1": "invalid_key",
    "groq_err_404-1": "model_not_found",
    "llamacpp_err_400-1": "context_too_long",
    "llamacpp_err_401-1": "invalid_key",
    "llamacpp_err_500-1": "provider_error",
    "mistral_err_400-1": "provider_error",
    "mistral_err_401-1": "invalid_key",
    "ollama_404-1": "model_not_found",
    "ollama_openai_compat_err-1": "context_too_long",
    "openai_err_400-1": "provider_error",
    "openai_err_401-1": "invalid_key",
    "openai_err_404-1": "model_not_found",
    "openai_err_429_insufficient_quota-1": "insufficient_credit",
    "openai_responses_err_context_length-1": "context_too_long",
    "openrouter_err_400-1": "model_not_found",
    "openrouter_err_401-1": "invalid_key",
    "openrouter_err_429-1": "provider_rate_limited",
    "perplexity_err_400-1": "context_too_long",
}


def error(message: str, code: str | None = None, kind: str = "error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": code}}


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
SEEN: list[tuple[int, Any, dict[str, str], str, bool]] = [
    (529, OVERLOADED, {"x-should-retry": "true"}, "provider_overloaded", True),
    (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, {"retry-after": "16"},
     "provider_rate_limited", True),
    (429, error("Rate limit reached: Limit 3, Used 3, Requested 1. Please try again in 20s. See https://x/billing",
                "rate_limit_exceeded", "requests"), {}, "provider_rate_limited", True),
    (429, error("You exceeded your current quota. Please try again in 3.89s", "insufficient_quota"), {},
     "provider_rate_limited", True),
    (429, error("You exceeded your current quota, check your billing", "insufficient_quota"), {},
     "insufficient_credit", False),
    (429, error("Request too large: Limit 30000, Requested 31538", "rate_limit_exceeded", "tokens"), {},
     "context_too_long", False),
    (429, error("Please retry after 45 seconds.", "429"), {}, "provider_rate_limited", True),
    (400, error("Your credit balance is too low to access the API", None, "invalid_request_error"), {},
     "insufficient_credit", False),
    (402, error("Insufficient Balance"), {}, "insufficient_credit", False),
    (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens",
           "type": "BadRequestError", "code": 400}, {}, "context_too_long", False),
    (400, {"error": "Trying to keep the first 4100 tokens when context the overflows. However"}, {},
     "context_too_long", False),
    (404, {"error": "No models loaded"}, {}, "model_not_found", False),
    (500, {"error": "model requires more system memory (5.0 GiB) than is available (3.9 GiB)"}, {},
     "provider_error", False),
    (503, error("Loading model", None, "unavailable_error"), {}, "provider_overloaded", True),
    (400, error("The prompt triggered Azure OpenAI's content management policy",
                "content_filter"), {}, "content_filtered", False),
    (401, error("Access denied due to invalid subscription key or wrong API endpoint.", "401"), {},
     "invalid_key", False),
    (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                      "status": "INVALID_ARGUMENT"}}], {}, "invalid_key", False),
    (429, [{"error": {"code": 429, "message": "Quota, retry in 5s", "status": "RESOURCE_EXHAUSTED"}}], {},
     "provider_rate_limited", True),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, {},
     "model_not_found", False),
    (403, error("Country, region, or territory not supported", "unsupported_country_region_territory"), {},
     "provider_error", False),
    (418, None, {}, "provider_error", False),
    (599, None, {}, "provider_error", False),
]  # fmt: skip


@pytest.mark.skipif(not recordings(), reason="the shared recordings are not here")
@pytest.mark.parametrize(("name", "code"), RECORDED.items())
def test_recorded_refusals_have_their_code(name: str, code: str) -> None:
    (one,) = (one for one in recordings() if one.name == name)
    failure = from_answer(from_body(one.body, one.status), one.headers)
    assert failure.code == code
    assert failure.help


@pytest.mark.parametrize(("status", "body", "headers", "code", "may_retry"), SEEN)
def test_PROV_01_03_04_refusals_seen_in_the_wild(
    status: int, body: Any, headers: dict[str, str], code: str, may_retry: bool
) -> None:
    failure = from_answer(from_body(json.dumps(body).encode(), status), headers)
    assert (failure.code, failure.may_retry) == (code, may_retry)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("overloaded_error", "provider_overloaded"), ("rate_limit_error", "provider_rate_limited"),
        ("authentication_error", "invalid_key"), ("not_found_error", "model_not_found"),
        ("request_too_large", "context_too_long"), ("timeout_error", "provider_timeout"),
        ("billing_error", "insufficient_credit"), ("api_error", "provider_error"),
    ],
)  # fmt: skip
def test_PROV_06_errors_inside_a_stream_have_the_same_codes(kind: str, code: str) -> None:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": "x"}}).encode()
    failure = from_complaint(from_body(body), began=True)
    assert (failure.code, failure.interrupted) == (code, True)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "5"}, "", 5), ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after-ms": "250"}, "", 0.25),
        ({"retry-after": "-1"}, "", None), ({"retry-after": "NaN"}, "", None),
        ({"retry-after": "1e9"}, "", None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0), ({"retry-after": "soon"}, "", None),
        ({}, "Please try again in 174ms", 0.174), ({}, "Please try again in 3.89s.", 3.89),
        ({}, "try again in 114h18m0s", 411_480), ({}, "try again in 1m0.363142857s", 60.363142857),
        ({}, "Please retry after 45 seconds.", 45), ({}, "try again in a while", None),
        ({"x-rate-limit-reset-tokens": "55"}, "", 55),
    ],
)  # fmt: skip
def test_PROV_01_waits_are_read(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert wait_named(headers, message) == (None if seconds is None else pytest.approx(seconds))
