"""What a person does with a suggestion: accept, reject, edit, apply, undo; the row is held meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.content import links
from aidecamp.content.checks import Check, Facts, has_errors, ordered
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Invalid
from aidecamp.host.port import Host
from aidecamp.identity.store import users
from aidecamp.suggestions import access, store
from aidecamp.suggestions.kinds import KINDS, Kind
from aidecamp.suggestions.models import Applied, Suggestion
from aidecamp.suggestions.proposals import Proposal
from aidecamp.suggestions.shapes import WrongShape, clean, cleaned, unknown


class ChecksFailed(Conflict):
    code = "checks_failed"
    title = "This suggestion has errors and can't be applied yet"
    help = "Mend what is listed, then apply it."


async def store_proposals(
    tx: Transaction,
    actor: Actor,
    conversation_id: UUID | None,
    message_id: UUID | None,
    proposals: Sequence[Proposal],
    *,
    host: Host,
    given: Sequence[str] = (),
) -> list[Suggestion]:
    """Keep what a model proposed, with its checks. `given` are the person's own messages: the links in
    them were given by somebody, those of the model's own were not."""
    if not proposals:
        return []
    hosts = sorted(links.hosts(given))
    facts = await facts_of(tx, actor, host, hosts)
    return [
        await _store(tx, actor, conversation_id, message_id, proposal, facts, hosts) for proposal in proposals
    ]


async def accept(tx: Transaction, actor: Actor, suggestion_id: UUID) -> Suggestion:
    """Worth keeping, whatever was thought of it before."""
    suggestion = await access.changeable(tx, actor, suggestion_id)
    if suggestion.status == "accepted":
        return suggestion
    _not_applied(suggestion)
    await store.set_status(tx, id=suggestion.id, status="accepted")
    await audit.record(tx, actor, "suggestion.accept", "suggestion", suggestion.id)
    return await access.visible(tx, actor, suggestion.id)


async def reject(tx: Transaction, actor: Actor, suggestion_id: UUID) -> Suggestion:
    suggestion = await access.changeable(tx, actor, suggestion_id)
    if suggestion.status == "rejected":
        return suggestion
    _not_applied(suggestion)
    await store.set_status(tx, id=suggestion.id, status="rejected")
    await audit.record(tx, actor, "suggestion.reject", "suggestion", suggestion.id)
    return await access.visible(tx, actor, suggestion.id)


async def edit(
    tx: Transaction,
    actor: Actor,
    host: Host,
    suggestion_id: UUID,
    *,
    title: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> Suggestion:
    """Change the named fields and check again; null removes an optional one. What a person types is given."""
    suggestion = await access.changeable(tx, actor, suggestion_id)
    _not_applied(suggestion)
    if suggestion.status == "rejected":
        raise Conflict("This suggestion was dismissed.", help="Accept it first, then change it.")
    merged = _merged(suggestion, content or {})
    typed = links.hosts(suggestion.kind.texts(merged)) - links.hosts(
        suggestion.kind.texts(suggestion.content)
    )
    given = sorted({*suggestion.given_links, *typed})
    checks = _check(suggestion.kind, merged, await facts_of(tx, actor, host, given))
    await store.write(
        tx,
        id=suggestion.id,
        title=_title(title) if title is not None else suggestion.title,
        content=merged,
        checks=checks,
        given_links=given,
    )
    await audit.record(
        tx,
        actor,
        "suggestion.edit",
        "suggestion",
        suggestion.id,
        fields=sorted(content or ()),
        checks=len(checks),
    )
    return await access.visible(tx, actor, suggestion.id)


async def mend(
    tx: Transaction, actor: Actor, host: Host, suggestion_id: UUID, *, code: str, field: str
) -> Suggestion:
    """Accept the fix of one check, as it stands with the suggestion now."""
    suggestion = await access.changeable(tx, actor, suggestion_id)
    for check in suggestion.findings:
        if (check.code, check.field) == (code, field) and check.fix and check.fix.value is not None:
            change = {check.fix.field: check.fix.value}
            return await edit(tx, actor, host, suggestion_id, content=change)
    raise Conflict("That was mended already.", help="Reload the page to see the suggestion as it is now.")


async def apply(
    tx: Transaction, actor: Actor, host: Host, suggestion_id: UUID, campaign_id: UUID | None = None
) -> Applied:
    """Make it real, once: applied again, it answers with the same target. The host decides about rights."""
    suggestion = await access.changeable(tx, actor, suggestion_id)
    if suggestion.target is not None:
        return Applied(suggestion, suggestion.target)
    if suggestion.status == "rejected":
        raise Conflict("This suggestion was dismissed.", help="Accept it first, then apply it.")
    kind = suggestion.kind
    if campaign_id is not None and kind.channel is None:
        raise Invalid(f"A {kind.label.lower()} makes drafts of its own; leave `campaign_id` out.")
    checks = _check(kind, suggestion.content, await facts_of(tx, actor, host, suggestion.given_links))
    _demand_no_errors(checks)
    draft = kind.draft(suggestion.title, suggestion.content)
    target, effect = await host.drafts.apply(tx, actor, draft, suggestion.id, campaign_id)
    await store.set_applied(tx, id=suggestion.id, target=target, effect=msgspec.to_builtins(effect))
    await audit.record(
        tx, actor, f"{target.kind}.apply", "suggestion", suggestion.id, target=target.id, type=kind.name
    )
    return Applied(await access.visible(tx, actor, suggestion.id), target)


async def undo(tx: Transaction, actor: Actor, host: Host, suggestion_id: UUID) -> Suggestion:
    """Take back what apply did; the host refuses where somebody changed it since."""
    suggestion = await access.changeable(tx, actor, suggestion_id)
    if suggestion.target is None:
        raise Conflict("This suggestion is not applied, so there is nothing to undo.")
    target = suggestion.target
    await host.drafts.undo(tx, actor, suggestion.done)
    await store.set_status(tx, id=suggestion.id, status="accepted")
    await audit.record(tx, actor, f"{target.kind}.undo", "suggestion", suggestion.id, target=target.id)
    return await access.visible(tx, actor, suggestion.id)


async def facts_of(tx: Transaction, actor: Actor, host: Host, given: Sequence[str]) -> Facts:
    """What the checks hold a text against, as it is now."""
    return Facts(
        merge_fields=frozenset(await host.figures.merge_fields(tx, actor)),
        links=frozenset(await host.figures.links(tx, actor)) | frozenset(given),
        sender=await users.customer_name(tx),
    )


async def _store(
    tx: Transaction,
    actor: Actor,
    conversation_id: UUID | None,
    message_id: UUID | None,
    proposal: Proposal,
    facts: Facts,
    hosts: list[str],
) -> Suggestion:
    kind, content = KINDS[proposal.suggestion_type], dict(proposal.content)
    stored = await store.insert(
        tx,
        actor,
        id=new_id(),
        conversation_id=conversation_id,
        message_id=message_id,
        suggestion_type=kind.name,
        title=proposal.title,
        content=content,
        reasoning=proposal.reasoning,
        confidence=proposal.confidence,
        checks=_check(kind, content, facts),
        given_links=hosts,
    )
    await audit.record(
        tx,
        actor,
        "suggestion.propose",
        "suggestion",
        stored.id,
        type=kind.name,
        message=message_id,
        errors=sum(check["level"] == "error" for check in stored.checks),
    )
    return stored


def _check(kind: Kind, content: Mapping[str, Any], facts: Facts) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = msgspec.to_builtins(ordered(kind.checks(content, facts)))
    return checks


def _not_applied(suggestion: Suggestion) -> None:
    if suggestion.status == "applied":
        raise Conflict("This suggestion is applied already.", help="Undo it first.")


def _demand_no_errors(checks: list[dict[str, Any]]) -> None:
    findings = msgspec.convert(checks, list[Check])
    if has_errors(findings):
        errors = [check for check in checks if check["level"] == "error"]
        raise ChecksFailed(errors=[{name: e[name] for name in ("field", "code", "message")} for e in errors])


def _merged(suggestion: Suggestion, change: Mapping[str, Any]) -> dict[str, Any]:
    try:
        wanted = cleaned({**suggestion.content, **change})
        merged = suggestion.kind.read(wanted)
    except WrongShape as error:
        raise Invalid(
            f"The {suggestion.kind.label} is not complete: {error}.",
            errors=[{"field": "content", "message": reason} for reason in error.reasons],
        ) from error
    if lost := unknown(wanted, merged):
        raise Invalid(
            f"{lost[0]} is no field of this suggestion.",
            errors=[{"field": path, "message": "is not a known field here"} for path in lost],
        )
    return merged


def _title(title: str) -> str:
    plain = " ".join(clean(title).split())
    if not 1 <= len(plain) <= 255:
        raise Invalid(
            "A title has 1 to 255 characters.",
            errors=[{"field": "title", "message": "must have 1 to 255 characters"}],
        )
    return plain
