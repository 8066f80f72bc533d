"""The one call to a provider: quota in, events out, and what it used, however it ended."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from types import ModuleType
from uuid import UUID

import structlog

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.egress import Answer, Door, Egress, Fault, Limits
from aidecamp.errors import Refusal
from aidecamp.metering import estimate
from aidecamp.metering.reservation import Outcome, Reservation, Usage
from aidecamp.providers import catalog, failures, learning, store
from aidecamp.providers.dialects.complaints import Complaint, from_body
from aidecamp.providers.dialects.reader import Reader
from aidecamp.providers.dialects.request import Config, Quirks, Request
from aidecamp.providers.failures import NoProvider, ProviderFailure
from aidecamp.providers.messages import (
    Event,
    Finished,
    Prompt,
    ToolCall,
    UsageReport,
)
from aidecamp.providers.models import Provider
from aidecamp.providers.record import Record
from aidecamp.providers.safety import storable
from aidecamp.providers.vault import Binding, Secret, Vault

RETRIES = 2
LONGEST_RETRY_WAIT = 5.0
BACKOFF = 0.5
REFUSAL_BYTES = 64 << 10
# No token of any vocabulary in use stands for more on average; beyond it the provider ignores its limit.
BYTES_PER_TOKEN = 12
SLACK_BYTES = 1024
RAW_BYTES_PER_TOKEN = 2048
RAW_SLACK = 1 << 20
MOST_RAW = 16 << 20
DRAIN_SECONDS = 0.5

log = structlog.get_logger()


class Models:
    """Every model behind every key. Chat, gateway, repair and test call through here, and settle."""

    def __init__(
        self, database: Database, egress: Egress, vault: Vault, limits: Limits | None = None
    ) -> None:
        self.database = database
        self.egress = egress
        self.vault = vault
        self.limits = limits or Limits()
        self.learned = learning.Learned()

    async def resolve(self, tx: Transaction, actor: Actor, provider_id: UUID | None = None) -> Provider:
        """The named active provider of this person, else their default, else NoProvider (409)."""
        row = await store.active(
            tx, actor.customer_id, actor.person, provider_id, self.vault.kids, self.vault.passphrases
        )
        if row is None:
            raise NoProvider
        return row.provider()

    def open(
        self, provider: Provider, prompt: Prompt, reservation: Reservation, limits: Limits | None = None
    ) -> Call:
        """A call that has not begun: iterate it once, then ask for its `outcome`."""
        return Call(self, provider, prompt, reservation, limits or self.limits)

    def stream(self, provider: Provider, prompt: Prompt, reservation: Reservation) -> AsyncIterator[Event]:
        return aiter(self.open(provider, prompt, reservation))

    def door(self, provider: Provider) -> Door:
        owner = (provider.customer_id, provider.id, provider.version)
        return self.egress.public(provider.endpoint, owner)

    def headers(self, provider: Provider, dialect: ModuleType, quirks: Quirks) -> dict[str, str]:
        """The key's header. Nothing else in the product asks a secret for its value."""
        key = provider.key
        if key is None:
            return {}
        if not isinstance(key, Secret):
            key = self.vault.open(key, binding(provider))
        headers: dict[str, str] = dialect.key_headers(key.reveal(), quirks)
        return headers


def binding(provider: Provider) -> Binding:
    assert provider.id is not None
    return Binding(
        provider.customer_id, provider.user_id, provider.id, provider.provider_type, provider.endpoint
    )


class Call:
    """One request to a provider under one reservation.

    `async for event in call` raises ProviderFailure or EndpointBlocked; `outcome()` is true at any time,
    also after an exception or a cancellation. Whoever leaves the loop early awaits `close()`.
    """

    def __init__(
        self, models: Models, provider: Provider, prompt: Prompt, reservation: Reservation, limits: Limits
    ) -> None:
        self._models = models
        self._bounds = limits
        self.provider = provider
        self.reservation = reservation
        self._prompt = replace(prompt, max_tokens=reservation.max_output)
        self._stream: AsyncGenerator[Event, None] | None = None
        self._reader: Reader | None = None
        self._record = Record()
        self.model: str | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        assert self._stream is None, "a call is made once"
        self._stream = self._run()
        return self._stream

    async def close(self) -> None:
        if self._stream is not None:
            await self._stream.aclose()

    @property
    def received_bytes(self) -> int:
        """What the answer's text, reasoning and tool arguments weigh so far, in UTF-8."""
        return self._reader.volume if self._reader else 0

    @property
    def usage(self) -> Usage | None:
        return self._record.usage

    def outcome(self) -> Outcome:
        record = self._record
        return Outcome(
            usage=record.usage,
            opened=record.opened,
            received_bytes=self.received_bytes,
            received_estimate=estimate.tokens("".join(record.pieces)),
            time_to_first_token_ms=record.first_ms,
            latency_ms=record.elapsed(),
            error_code=record.error_code,
            is_usage_final=record.finished,
        )

    async def _run(self) -> AsyncGenerator[Event, None]:
        self._record.started = time.monotonic()
        try:
            async for event in self._attempts():
                yield event
        except Refusal as error:
            self._record.error_code = error.code
            raise
        finally:
            self._record.ended = time.monotonic()

    async def _attempts(self) -> AsyncGenerator[Event, None]:
        """The bounded retries, all before the first byte of an answer; a refusal bills nothing."""
        models, provider = self._models, self.provider
        refused = models.learned.refused(provider)
        retries = 0
        while True:
            try:
                async for event in self._attempt(refused):
                    yield event
                return
            except learning.Unsupported as error:
                if error.parameter in refused or len(refused) >= learning.MOST:
                    raise error.failure from None
                refused = models.learned.note(provider, error.parameter)
            except ProviderFailure as failure:
                wait = failure.retry_after or BACKOFF * 2**retries
                if (
                    not failure.may_retry
                    or failure.interrupted
                    or retries == RETRIES
                    or wait > LONGEST_RETRY_WAIT
                ):
                    raise
                retries += 1
                log.info("provider.retry", code=failure.code, attempt=retries)
                await asyncio.sleep(wait + random.uniform(0, 0.25))  # noqa: S311

    async def _attempt(self, refused: frozenset[str]) -> AsyncGenerator[Event, None]:
        models, provider = self._models, self.provider
        config = Config.read(provider.config)
        dialect = catalog.KINDS[provider.provider_type].dialect
        quirks = replace(catalog.quirks(provider.provider_type, provider.model_name, config), refused=refused)
        request: Request = dialect.request(self._prompt, provider.model_name, config, quirks)
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/x-ndjson"
            if self._prompt.stream
            else "application/json",
            **request.headers,
            **models.headers(provider, dialect, quirks),
        }
        self._reader = dialect.Reader()
        try:
            async with models.door(provider).send(
                "POST", request.path, headers, request.body, self._limits()
            ) as answer:
                if answer.status != 200:
                    raise await self._refusal(answer)
                self._record.opened = True
                async for event in self._listen(answer, self._reader):
                    yield event
        except Fault as fault:
            failure = failures.from_fault(fault, began=self._began)
            self._record.opened = self._record.opened or failure.worked
            raise failure from None

    async def _listen(self, answer: Answer, reader: Reader) -> AsyncGenerator[Event, None]:
        """Events up to the provider's own end; what comes after it is drained so that the line stays good."""
        deadline = time.monotonic() + self._bounds.start
        async for piece in answer.pieces():
            for heard in reader.feed(piece):
                yield self._note(heard)
                if self._record.given > self._most_bytes:
                    break
            if self._record.finished:
                await _drain(answer)
                return
            if self.received_bytes > self._most_bytes:
                yield self._note(Finished("length", self.model))
                return
            if self._record.first_ms is None and time.monotonic() > deadline:
                raise Fault("late_start")
        for heard in reader.close():
            yield self._note(heard)
        if not self._record.finished:
            raise failures.cut_off()

    def _note(self, heard: Event | Complaint) -> Event:
        if isinstance(heard, Complaint):
            raise failures.from_complaint(heard, began=self._began)
        if isinstance(heard, UsageReport):
            self._record.usage = heard.usage
            return heard
        if isinstance(heard, Finished):
            self._record.finished = True
            self.model = heard.model
            return heard
        self._record.take(heard.arguments if isinstance(heard, ToolCall) else heard.text)
        self._record.first_ms = (
            self._record.elapsed() if self._record.first_ms is None else self._record.first_ms
        )
        return storable(heard)

    async def _refusal(self, answer: Answer) -> Exception:
        body = await answer.read(REFUSAL_BYTES)
        complaint = from_body(body, answer.status)
        failure = failures.from_answer(complaint, answer.headers)
        log.info("provider.refused", status=answer.status, code=failure.code)
        parameter = learning.unsupported(complaint)
        return learning.Unsupported(parameter, failure) if parameter else failure

    @property
    def _began(self) -> bool:
        return self.received_bytes > 0 or self._record.usage is not None

    @property
    def _most_bytes(self) -> int:
        return self.reservation.max_output * BYTES_PER_TOKEN + SLACK_BYTES

    def _limits(self) -> Limits:
        most = min(MOST_RAW, RAW_SLACK + self.reservation.max_output * RAW_BYTES_PER_TOKEN)
        return replace(self._bounds, most_bytes=most)


async def _drain(answer: Answer) -> None:
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in answer.pieces():
                continue
    except (TimeoutError, Fault):
        return
