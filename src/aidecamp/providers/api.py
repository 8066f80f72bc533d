"""A person's own providers: connect, change, test, remove. Keys go in and never come out."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.egress import EndpointBlocked
from aidecamp.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from aidecamp.identity import guards
from aidecamp.identity.guards import Caller
from aidecamp.identity.rights import Right, demand
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.metering.ledger import Ledger
from aidecamp.providers import access, connections, store
from aidecamp.providers.call import Models
from aidecamp.providers.exam import Exam, Result, unsaved
from aidecamp.providers.wire import ProviderIn, ProviderOut, ProviderPatch, ProviderTest
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page, page
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.state import Db

router = APIRouter(prefix="/api/v1", tags=["providers"], route_class=PatientRoute)


def models(request: Request) -> Models:
    return cast(Models, request.app.state.models)


def ledger(request: Request) -> Ledger:
    return cast(Ledger, request.app.state.ledger)


Connected = Annotated[Models, Depends(models)]
Books = Annotated[Ledger, Depends(ledger)]
Owner = Annotated[Actor, Depends(guards.allowed(Right.OWN_PROVIDERS))]


@router.get("/providers", responses=responses(Forbidden))
async def list_providers(
    actor: Owner, db: Db, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ProviderOut]:
    async with db.customer(actor) as tx:
        rows = await store.listed(tx, actor.customer_id, actor.person, limit + 1, after)
    return page(rows, limit, ProviderOut.of, lambda row: row.id)


@router.post(
    "/providers", status_code=201, responses=responses(Forbidden, Conflict, Invalid, EndpointBlocked)
)
async def connect(actor: Owner, db: Db, models: Connected, body: ProviderIn) -> ProviderOut:
    """Save a provider; the first active one becomes the default. The key is sealed and never shown again."""
    wish = body.wish()
    wish.check()
    await models.egress.look(wish.endpoint())
    async with db.customer(actor) as tx:
        return ProviderOut.of(await connections.connect(tx, actor, models.vault, wish))


@router.post(
    "/providers/test", responses=responses(Forbidden, Invalid, EndpointBlocked, QuotaExceeded, RateLimited)
)
async def test_unsaved(actor: Owner, models: Connected, books: Books, body: ProviderIn) -> ProviderTest:
    """Try what the body describes, with the body's own key. Metered: a few dozen tokens a step."""
    wish = body.wish()
    wish.check()
    if wish.kind.needs_key and wish.api_key is None:
        raise connections.key_missing(wish.kind)
    await models.egress.look(wish.endpoint())
    return ProviderTest.of(await Exam(models, books, actor, unsaved(actor, wish)).sit())


@router.get("/providers/{provider_id}", responses=responses(Forbidden, NotFound))
async def read(actor: Caller, db: Db, provider_id: UUID) -> ProviderOut:
    async with db.customer(actor) as tx:
        return ProviderOut.of(await access.own(tx, actor, provider_id))


async def own(provider_id: UUID, actor: Caller, db: Db) -> None:
    """Found before the body is judged: what is foreign is absent, whatever was sent."""
    async with db.customer(actor) as tx:
        await access.own(tx, actor, provider_id)


@router.patch(
    "/providers/{provider_id}",
    responses=responses(Forbidden, NotFound, Conflict, Invalid, EndpointBlocked),
    dependencies=[Depends(own)],
)
async def change(
    actor: Caller, db: Db, models: Connected, provider_id: UUID, body: ProviderPatch
) -> ProviderOut:
    """Another type, host, port or path wipes the key and switches it off, unless a key comes along."""
    wanted = body.change()
    async with db.customer(actor) as tx:
        wish = wanted.onto(await access.own(tx, actor, provider_id))
    if wanted.given.keys() & {"provider_type", "api_endpoint"}:
        await models.egress.look(wish.endpoint())
    async with db.customer(actor) as tx:
        return ProviderOut.of(await connections.change(tx, actor, models.vault, provider_id, wanted))


@router.delete("/providers/{provider_id}", status_code=204, responses=responses(Forbidden, NotFound))
async def remove(actor: Caller, db: Db, provider_id: UUID) -> Response:
    """What was used through it stays in the books."""
    async with db.customer(actor) as tx:
        await connections.remove(tx, actor, provider_id)
    return Response(status_code=204)


@router.post(
    "/providers/{provider_id}/test",
    responses=responses(Forbidden, NotFound, EndpointBlocked, QuotaExceeded, RateLimited),
)
async def test_saved(
    actor: Caller, db: Db, models: Connected, books: Books, provider_id: UUID
) -> ProviderTest:
    """Try the stored provider as it is. There is no body, so that a stored key can't be sent elsewhere."""
    return ProviderTest.of(await tested(actor, db, models, books, provider_id))


async def tested(actor: Actor, db: Db, models: Models, books: Ledger, provider_id: UUID) -> Result:
    async with db.customer(actor) as tx:
        row = await store.saved(
            tx, actor.customer_id, actor.person, provider_id, models.vault.kids, models.vault.passphrases
        )
        if row is None:
            raise NotFound("There is no such provider.")
        demand(actor, Right.OWN_PROVIDERS)
    result = await Exam(models, books, actor, row.provider()).sit()
    async with db.customer(actor) as tx:
        learned = {**row.capabilities, **result.capabilities}
        await store.note_test(tx, actor.customer_id, row.id, row.version, result.stored(), learned)
        code = result.error["code"] if result.error else "ok"
        await audit.record(tx, actor, "provider.test", "provider", row.id, outcome=code)
    return result
