"""A provider's failures, sorted once into our words: a code, a sentence, what to do, and whether to retry."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aidecamp.egress import Fault
from aidecamp.errors import Refusal
from aidecamp.providers.dialects.complaints import Complaint

LONGEST_WAIT = 30 * 86_400.0


class NoProvider(Refusal):
    status, code, title = 409, "no_provider", "No AI provider is connected"
    help = "Connect one under Providers: choose OpenAI, Anthropic, Ollama, Azure or any compatible server."


class ProviderFailure(Refusal):
    """A call that failed. Nothing of the provider's own text is shown: it may repeat a key or a private page.

    `may_retry` holds before the first byte only. `interrupted`: the answer had begun. `worked`: the
    provider may have begun to work and to bill.
    """

    may_retry = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        help: str | None = None,
        retry_after: float | None = None,
        interrupted: bool = False,
        worked: bool = False,
    ) -> None:
        super().__init__(detail, help=help, retry_after=retry_after)
        self.interrupted = interrupted
        self.worked = worked


class InvalidKey(ProviderFailure):
    status, code, title = 422, "invalid_key", "The provider did not accept the key"
    help = (
        "Check that the key is complete and has not been revoked, that it may use this model, and that the "
        "account has credits; then enter and save it again."
    )


class InsufficientCredit(ProviderFailure):
    status, code, title = 422, "insufficient_credit", "The account at the provider has no credit left"
    help = (
        "Add credit or raise the spending limit in the provider's billing settings; the key itself is fine."
    )


class ModelNotFound(ProviderFailure):
    status, code, title = 422, "model_not_found", "The provider knows no such model at this address"
    help = (
        "Choose a model from the list that Test connection shows, and check the endpoint's path (often /v1)."
    )


class ContextTooLong(ProviderFailure):
    status, code, title = 422, "context_too_long", "The question and its context are too long for this model"
    help = "Reduce the context, start a new conversation, or choose a model with a larger window."


class ContentFiltered(ProviderFailure):
    status, code, title = 422, "content_filtered", "The provider's content filter stopped this answer"
    help = "Rephrase the question or give more specific context."


class ProviderError(ProviderFailure):
    status, code, title = 502, "provider_error", "The provider could not answer"
    help = "Try again; if it stays, look at the provider's status page or try another model."


class ProviderUnreachable(ProviderFailure):
    status, code, title = 502, "provider_unreachable", "The provider can't be reached"
    help = "Check the endpoint's address and the provider's status page; then try again."


class ProviderRateLimited(ProviderFailure):
    status, code, title = 503, "provider_rate_limited", "The provider limits how often this key may ask"
    help = "Wait a moment, or raise the limits of your account at the provider."


class ProviderOverloaded(ProviderFailure):
    status, code, title = 503, "provider_overloaded", "The provider is overloaded right now"
    help = "Wait a moment and try again, look at the provider's status page, or use a faster model."
    may_retry = True


class ProviderTimeout(ProviderFailure):
    status, code, title = 504, "provider_timeout", "The provider took too long to answer"
    help = "Check the provider's status page, try a faster model, or reduce the context."


CREDIT = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|billing_error|credit balance is too low|"
    r"insufficient (balance|credit|funds)|exceeded your current quota|payment required|out of credits"
)
PER_TIME = re.compile(
    r"per[ -](minute|second|hour)|try again in|retry (after|in|shortly)|rate_limit_exceeded|\b[rt]pm\b"
)
KEY = re.compile(
    r"invalid[_ ]api[_ ]key|api[_ ]key[_ ]invalid|api key not valid|incorrect api key|authentication_error|"
    r"invalid x-api-key|invalid subscription key|permission_error|unauthorized|unauthenticated"
)
CONTEXT = re.compile(
    r"context_length|context length|context window|context[_ ]size|prompt (is )?too long|"
    r"too_many_prompt_tokens|"
    r"too many (prompt |input )?tokens|request too large|request_too_large|reduce the length|"
    r"total length of all messages|when context the overflows|input length|exceeds? the (maximum|model)"
)
FILTER = re.compile(
    r"content_filter|content_policy|responsibleaipolicy|content management policy|moderation|safety system|"
    r"data_inspection_failed|flagged"
)
MODEL = re.compile(
    r"model_not_found|deploymentnotfound|not a valid model|"
    r"model[^.]{0,200}(not found|does not exist|not exist)|"
    r"no models loaded|unknown model|invalid model|not_found_error"
)
OVERLOAD = re.compile(r"overloaded|capacity|loading model|server is busy|service unavailable|unavailable")
RATE = re.compile(r"rate_limit|rate limit|rate-limited|too many requests|resource_exhausted")
SLOW = re.compile(r"timeout_error|timed out|deadline_exceeded")


def from_answer(complaint: Complaint, headers: Mapping[str, str]) -> ProviderFailure:
    """The failure of a refused request, by its body where that speaks, else by its status."""
    wait = wait_named(headers, complaint.message)
    return _by_words(complaint, wait) or _by_status(complaint.status or 500, wait)


def from_complaint(complaint: Complaint, *, began: bool) -> ProviderFailure:
    """The failure of an answer that broke off by the provider's own word, in a stream or a 200 body."""
    if complaint.kind == "said":
        failure = _by_words(complaint, wait_named({}, complaint.message)) or _by_status(
            complaint.status or 500
        )
    elif complaint.kind == "not_ai":
        failure = ProviderError(
            "What answered at this address is not an AI endpoint.",
            help="Check the endpoint: it must be the base address of the API, often ending in /v1.",
        )
    else:
        failure = ProviderError("The provider's answer can't be read.")
    failure.interrupted = failure.worked = began
    return failure


def from_fault(fault: Fault, *, began: bool) -> ProviderFailure:
    """The failure of the transport. A closed port, a filtered one and an unknown name look the same."""
    failure: ProviderFailure
    match fault.kind:
        case "connect":
            failure = ProviderUnreachable()
            failure.may_retry = True
        case "tls":
            failure = ProviderUnreachable("No secure connection to the provider could be made.")
        case "redirect":
            failure = ProviderError(
                "The provider redirected us elsewhere, which we don't follow with a key.",
                help="Enter the final address of the API as the endpoint.",
            )
        case "late_start" | "idle" | "drip" | "total":
            failure = ProviderTimeout()
        case "cut" if began:
            failure = cut_off()
        case "cut" | "protocol":
            failure = ProviderUnreachable()
        case _:
            failure = ProviderError("The provider's answer can't be read.")
    failure.interrupted = began
    failure.worked = began or fault.kind in ("late_start", "idle", "drip", "total")
    return failure


def cut_off() -> ProviderFailure:
    detail = "The provider's answer broke off before its end; what arrived is kept."
    return ProviderError(detail, interrupted=True, worked=True)


def wait_named(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds that the provider asked to wait, from a header or its sentence; nonsense is as if not said."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0), ("x-rate-limit-reset-tokens", 1.0)):
        seconds = _seconds(headers.get(name, ""), scale)
        if seconds is not None:
            return seconds
    found = re.search(
        r"(?:try again|retry) (?:in|after) ((?:[\d.]+ ?(?:ms|h|m|s|sec\w*|min\w*)? ?)+)", message.lower()
    )
    return _span(found.group(1)) if found else None


def _by_words(complaint: Complaint, wait: float | None) -> ProviderFailure | None:
    words, status = complaint.words, complaint.status
    if CREDIT.search(words) and not (wait is not None or PER_TIME.search(words)):
        return InsufficientCredit()
    if CONTEXT.search(words) and status not in (401, 403):
        return ContextTooLong()
    if FILTER.search(words):
        return ContentFiltered()
    if "unsupported_country" in words:
        return ProviderError("The provider does not serve the country of this server.", help=COUNTRY_HELP)
    if KEY.search(words) and status in (None, 400, 401, 403):
        return InvalidKey()
    if MODEL.search(words) and status in (None, 400, 404, 422):
        return ModelNotFound()
    if status in (None, 429) and (RATE.search(words) or status == 429):
        return _limited(wait)
    if (status is None or status >= 500) and OVERLOAD.search(words):
        return ProviderOverloaded(retry_after=wait)
    if status is None and SLOW.search(words):
        return ProviderTimeout()
    return None


def _by_status(status: int, wait: float | None = None) -> ProviderFailure:
    match status:
        case 401 | 403:
            return InvalidKey()
        case 402:
            return InsufficientCredit()
        case 404:
            return ModelNotFound()
        case 413:
            return ContextTooLong()
        case 429:
            return _limited(wait)
        case 408 | 504 | 522 | 524:
            return ProviderTimeout()
        case 498 | 503 | 529:
            return ProviderOverloaded(retry_after=wait)
        case _ if status < 500:
            return ProviderError("The provider refused the request.", help=REFUSED_HELP)
    return ProviderError()


COUNTRY_HELP = "Use a provider or a region of it that serves your country."
REFUSED_HELP = "Check the model name and the advanced settings of this provider, or try another model."


def _limited(wait: float | None) -> ProviderRateLimited:
    failure = ProviderRateLimited(retry_after=wait)
    failure.may_retry = wait is not None
    return failure


def _seconds(value: str, scale: float) -> float | None:
    try:
        seconds = float(value) * scale
    except ValueError:
        return _until(value)
    return seconds if math.isfinite(seconds) and 0 <= seconds <= LONGEST_WAIT else None


def _until(value: str) -> float | None:
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    seconds = (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds <= LONGEST_WAIT else None


def _span(text: str) -> float | None:
    """`20s`, `174ms`, `1m0.36s`, `45 seconds`, `114h18m0s` as seconds."""
    units = {"ms": 0.001, "h": 3600.0, "mi": 60.0, "m": 60.0, "s": 1.0, "se": 1.0, "": 1.0}
    total = 0.0
    for digits, unit in re.findall(r"(\d+(?:\.\d+)?) ?([a-z]*)", text):
        total += float(digits) * units.get(unit[:2], units.get(unit[:1], 1.0))
    return total if 0 < total <= LONGEST_WAIT else None
