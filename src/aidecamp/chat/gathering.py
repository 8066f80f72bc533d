"""The turn's first transaction, read only: conversation, provider, context, history; the prompt of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aidecamp.actor import Actor
from aidecamp.chat import access, prompt
from aidecamp.chat.models import Conversation, Question
from aidecamp.chat.prompt import Assembled, Offer
from aidecamp.chat.refusals import UnknownSuggestion
from aidecamp.chat.store import messages
from aidecamp.context.snapshot import Snapshot, take
from aidecamp.db.transaction import Transaction
from aidecamp.host.port import Host
from aidecamp.providers.call import Models
from aidecamp.providers.models import Provider
from aidecamp.suggestions import offer
from aidecamp.suggestions.extraction import Extractor
from aidecamp.suggestions.kinds import KINDS, Kind

SMALL_MODEL = re.compile(r"smollm|tinyllama|\b\d{2,3}m\b", re.IGNORECASE)
SMALL_WINDOW = 2048
USUAL_WINDOW = 32_768
DEFAULT_MAX_TOKENS = 2000


@dataclass(frozen=True, slots=True)
class Material:
    """All that a turn needs once its first transaction is over."""

    conversation: Conversation
    provider: Provider
    kinds: tuple[Kind, ...]
    offer: Offer
    assembled: Assembled
    snapshot: Snapshot
    given: tuple[str, ...]
    """The person's own words: a link that stands in them was given by somebody."""

    def extractor(self) -> Extractor:
        return Extractor(self.kinds, is_schema=self.offer.mode == "schema")


async def gather(tx: Transaction, actor: Actor, host: Host, models: Models, question: Question) -> Material:
    conversation = await access.own(tx, actor, question.conversation_id)
    demand_known(question.want)
    provider = await models.resolve(tx, actor, conversation.ai_provider_id)
    window = window_of(provider)
    snapshot = await take(
        tx, actor, host, conversation.context_type, conversation.context_ref, prompt.snapshot_budget(window)
    )
    history = await messages.history(tx, conversation.id)
    kinds = offer.kinds_for(conversation.context_type, question.want, question.content)
    offering = make_offer(provider, kinds, wanted=offer.is_wanted(question.content, question.want))
    assembled = prompt.assemble(
        context_type=conversation.context_type,
        snapshot=snapshot.text,
        history=history,
        question=question.content,
        offer=offering,
        window=window,
        max_tokens=int(provider.config.get("max_tokens") or DEFAULT_MAX_TOKENS),
        temperature=provider.config.get("temperature"),
    )
    shown = kinds if offering.mode != "plain" else ()
    given = (question.content, *(past.content for past in history if past.role == "user"))
    return Material(conversation, provider, shown, offering, assembled, snapshot, given)


def demand_known(want: tuple[str, ...]) -> None:
    unknown = [name for name in want if name not in KINDS]
    if unknown:
        raise UnknownSuggestion(
            f"`want` names no kind of suggestion: {unknown[0][:40]}.",
            help=f"Choose among {', '.join(KINDS)}.",
            errors=[{"field": "want", "message": "unknown kind of suggestion"}],
        )


def window_of(provider: Provider) -> int:
    """How many tokens the model takes. Very small models get a prompt of their own kind."""
    extra = provider.config.get("extra") or {}
    if isinstance(named := extra.get("num_ctx"), int):
        return named
    return SMALL_WINDOW if is_for_trying_out(provider.model_name) else USUAL_WINDOW


def is_for_trying_out(model_name: str) -> bool:
    """Models so small that they show how everything works, not how well."""
    return SMALL_MODEL.search(model_name) is not None


def make_offer(provider: Provider, kinds: tuple[Kind, ...], *, wanted: bool) -> Offer:
    able, window = provider.capabilities, window_of(provider)
    mode = prompt.choose_mode(
        tools=able.tools, schema=able.schema, wanted=wanted, offered=bool(kinds), window=window
    )
    lean = prompt.is_lean(window) and mode == "schema"
    return Offer(
        mode=mode,
        words=offer.instructions(kinds, mode, lean=lean),
        tools=offer.tools(kinds) if mode == "tools" else (),
        schema=offer.schema(kinds, lean=lean) if mode == "schema" else None,
        example=offer.example(kinds[0]) if lean else (),
    )
