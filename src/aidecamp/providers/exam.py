"""Test connection: a short, metered exam of what a provider really does, never of what it promises."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aidecamp.actor import Actor
from aidecamp.egress import Fault, Limits
from aidecamp.errors import Refusal
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.reservation import Estimate
from aidecamp.providers import catalog, failures
from aidecamp.providers.call import Call, Models
from aidecamp.providers.connections import Wish
from aidecamp.providers.dialects.request import Config
from aidecamp.providers.dialects.strict import Malformed, decode
from aidecamp.providers.messages import Event, Message, Prompt, TextDelta, Tool, ToolCall, UsageReport
from aidecamp.providers.models import Provider

MOST_TOKENS = 64
LIMITS = Limits(connect=5.0, start=25.0, idle=20.0, total=40.0, most_bytes=2 << 20)
MOST_MODELS = 200
# Every failure takes at least this long, so that the button is a poor instrument for measuring networks.
LEAST_SECONDS = 0.5

WORD = Tool(
    "say_word",
    "Says one word.",
    {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
)
SHAPE = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the exam. `ok` None: it answered, but it can't be told whether it can do it."""

    name: str
    ok: bool | None
    detail: str
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    ok: bool
    latency_ms: int | None
    models: list[str]
    error: Mapping[str, Any] | None
    steps: list[Step]
    capabilities: dict[str, bool] = field(default_factory=dict)
    tested_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def stored(self) -> dict[str, Any]:
        """As it is kept in `last_test` and answered."""
        shown = asdict(replace(self, capabilities={}))
        del shown["capabilities"]
        return shown | {"tested_at": self.tested_at.isoformat()}


@dataclass(slots=True)
class Exam:
    """One exam of one provider by one person; each question is reserved and settled on its own."""

    models: Models
    ledger: Ledger
    actor: Actor
    provider: Provider
    asked: int = 0

    async def sit(self) -> Result:
        """Quota and rate refusals are raised; what the provider does wrong is in the result."""
        began = time.monotonic()
        steps: list[Step] = []
        try:
            answer = await self._answer()
        except Refusal as refusal:
            if refusal.status in (409, 429) or refusal.code == "unavailable":
                raise
            await asyncio.sleep(max(0.0, LEAST_SECONDS - (time.monotonic() - began)))
            steps.append(Step("answer", False, refusal.detail))
            return Result(False, None, [], refusal.problem(), steps)
        steps.append(answer)
        listed = await self._list()
        steps.append(Step("models", bool(listed) or None, _listed(listed, self.provider.model_name)))
        tools, schema = await self._tools(), await self._schema()
        learned = {step.name: step.ok for step in (tools, schema) if step.ok is not None}
        steps += [tools, schema]
        return Result(True, answer.latency_ms, listed, None, steps, learned)

    async def _answer(self) -> Step:
        prompt = Prompt((Message("user", "Reply with the single word: ready"),))
        heard, call = await self._ask(prompt)
        counted = any(isinstance(event, UsageReport) for event in heard)
        detail = (
            "It answers, streams and reports its usage."
            if counted
            else "It answers; its usage will be estimated."
        )
        return Step("answer", True, detail, call.outcome().latency_ms)

    async def _list(self) -> list[str]:
        """The account's models, where the server tells them; that costs no tokens."""
        provider, config = self.provider, Config.read(self.provider.config)
        dialect = catalog.KINDS[provider.provider_type].dialect
        quirks = catalog.quirks(provider.provider_type, provider.model_name, config)
        request = dialect.models_request(config, quirks)
        headers = {
            **request.headers,
            **self.models.headers(provider, dialect, quirks),
            "Accept": "application/json",
        }
        try:
            async with self.models.door(provider).send("GET", request.path, headers, limits=LIMITS) as answer:
                if answer.status != 200:
                    return []
                names = dialect.models(decode(await answer.read(LIMITS.most_bytes)))
        except (Fault, Malformed, Refusal):
            return []
        return [name[:100] for name in names[:MOST_MODELS] if name.isprintable()]

    async def _tools(self) -> Step:
        prompt = Prompt((Message("user", "Call say_word with the word: ready"),), tools=(WORD,))
        try:
            heard, call = await self._ask(prompt)
        except Refusal as refusal:
            return _unanswered("tools", refusal)
        if any(isinstance(event, ToolCall) and event.name == WORD.name for event in heard):
            return Step("tools", True, "It can call tools.", call.outcome().latency_ms)
        return Step("tools", None, "It accepts tools, but did not call one.", call.outcome().latency_ms)

    async def _schema(self) -> Step:
        prompt = Prompt((Message("user", 'Answer with JSON: {"word": "ready"}'),), schema=SHAPE)
        try:
            heard, call = await self._ask(prompt)
        except Refusal as refusal:
            return _unanswered("schema", refusal)
        text = "".join(event.text for event in heard if isinstance(event, TextDelta))
        if _fits(text):
            return Step("schema", True, "It can answer in a given shape.", call.outcome().latency_ms)
        return Step("schema", None, "It accepts a shape, but did not keep to it.", call.outcome().latency_ms)

    async def _ask(self, prompt: Prompt) -> tuple[list[Event], Call]:
        """One metered question; the first one of an exam counts against its rate."""
        provider = self.provider
        size = sum(len(message.content.encode()) for message in prompt.messages) + 400 * len(prompt.tools)
        reservation = await self.ledger.admit(
            self.actor,
            provider_id=provider.id,
            model=provider.model_name,
            provider_type=provider.provider_type,
            purpose="test",
            estimate=Estimate(size // 3 + 20, MOST_TOKENS, size),
            rate=self.asked == 0,
        )
        self.asked += 1
        call = self.models.open(provider, prompt, reservation, LIMITS)
        try:
            return [event async for event in call], call
        finally:
            await asyncio.shield(self.ledger.settle(reservation, call.outcome()))


def _unanswered(name: str, refusal: Refusal) -> Step:
    """Only a provider that refuses the request itself is known to be unable; a full quota says nothing."""
    return Step(name, False if refusal.code == failures.ProviderError.code else None, refusal.detail)


def unsaved(actor: Actor, wish: Wish) -> Provider:
    """What a body describes, with the body's own key: never with a stored one."""
    return Provider(
        None,
        actor.customer_id,
        actor.person,
        wish.name or wish.kind.label,
        wish.provider_type,
        wish.endpoint(),
        wish.model_name,
        dict(wish.config),
        catalog.capabilities(wish.provider_type, wish.model_name),
        wish.key(),
    )


def _listed(models: list[str], chosen: str) -> str:
    if not models:
        return "It does not list its models."
    if chosen in models:
        return f"It offers {len(models)} models, yours among them."
    return f"It offers {len(models)} models; yours is not named among them."


def _fits(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and set(value) == {"word"}
