"""The provider pages: what is connected, the form that changes with the type, the test beside it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from aidecamp.actor import Actor
from aidecamp.errors import Refusal
from aidecamp.identity.guards import PageCaller, page_allowed
from aidecamp.identity.rights import Right
from aidecamp.providers import access, connections, store
from aidecamp.providers.api import Books, Connected, tested
from aidecamp.providers.catalog import KINDS
from aidecamp.providers.connections import Change
from aidecamp.providers.exam import Exam, unsaved
from aidecamp.providers.forms import ProviderForm
from aidecamp.providers.models import ProviderType
from aidecamp.providers.store import Row
from aidecamp.web.listing import After, encode
from aidecamp.web.render import fragment, page
from aidecamp.web.state import Db

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

SHOWN = 50
Owner = Annotated[Actor, Depends(page_allowed(Right.OWN_PROVIDERS))]
Filled = Annotated[ProviderForm, Form()]


@router.get("/providers")
async def listed(request: Request, actor: Owner, db: Db, after: After) -> HTMLResponse:
    async with db.customer(actor) as tx:
        rows = await store.listed(tx, actor.customer_id, actor.person, SHOWN + 1, after)
    more = encode(rows[SHOWN - 1].id) if len(rows) > SHOWN else None
    return page(request, "providers/list.html", actor, rows=rows[:SHOWN], kinds=KINDS, next_cursor=more)


@router.get("/providers/new")
async def new(
    request: Request,
    actor: Owner,
    provider_type: ProviderType = "openai",
    name: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """The empty form; asked for by the type's menu, only the fields, with the name already typed."""
    form = ProviderForm(provider_type=provider_type, name=name)
    if "hx-request" in request.headers:
        return fragment(request, "providers/_fields.html", actor, **_about(form, None))
    return _form(request, actor, form)


@router.post("/providers/new/type")
async def choose_type(request: Request, actor: Owner, form: Filled) -> HTMLResponse:
    """The same without a script. Posted, so that a typed key can't end up in an address."""
    return _form(request, actor, ProviderForm(provider_type=form.provider_type, name=form.name))


@router.post("/providers/new")
async def connect(request: Request, actor: Owner, db: Db, models: Connected, form: Filled) -> Response:
    try:
        wish = form.wish()
        wish.check()
        await models.egress.look(wish.endpoint())
        async with db.customer(actor) as tx:
            row = await connections.connect(tx, actor, models.vault, wish)
    except Refusal as refusal:
        return _form(request, actor, form, refusal=refusal)
    return RedirectResponse(f"/providers/{row.id}", 303)


@router.post("/providers/new/test")
async def try_new(
    request: Request, actor: Owner, models: Connected, books: Books, form: Filled
) -> HTMLResponse:
    return await _try(request, actor, models, books, form, None)


@router.get("/providers/{provider_id}")
async def one(request: Request, actor: PageCaller, db: Db, provider_id: UUID) -> HTMLResponse:
    async with db.customer(actor) as tx:
        row = await access.own(tx, actor, provider_id)
    return _form(request, actor, ProviderForm.of(row), row)


@router.post("/providers/{provider_id}")
async def change(
    request: Request, actor: PageCaller, db: Db, models: Connected, provider_id: UUID, form: Filled
) -> Response:
    async with db.customer(actor) as tx:
        row = await access.own(tx, actor, provider_id)
    try:
        wanted = form.change(row)
        await models.egress.look(wanted.onto(row).endpoint())
        async with db.customer(actor) as tx:
            await connections.change(tx, actor, models.vault, provider_id, wanted)
    except Refusal as refusal:
        return _form(request, actor, form, row, refusal=refusal)
    return RedirectResponse(f"/providers/{provider_id}", 303)


@router.post("/providers/{provider_id}/test")
async def try_saved(
    request: Request,
    actor: PageCaller,
    db: Db,
    models: Connected,
    books: Books,
    provider_id: UUID,
    form: Filled,
) -> HTMLResponse:
    """A key in the form tests the form, with that key alone; without one the stored row is tested."""
    async with db.customer(actor) as tx:
        row = await access.own(tx, actor, provider_id)
    if form.has_key:
        return await _try(request, actor, models, books, form, row)
    result = await tested(actor, db, models, books, provider_id)
    return _result(request, actor, ProviderForm.of(row), row, result.stored())


@router.post("/providers/{provider_id}/default")
async def make_default(actor: PageCaller, db: Db, models: Connected, provider_id: UUID) -> Response:
    async with db.customer(actor) as tx:
        await connections.change(tx, actor, models.vault, provider_id, Change({"is_default": True}))
    return RedirectResponse("/providers", 303)


@router.post("/providers/{provider_id}/switch")
async def switch(actor: PageCaller, db: Db, models: Connected, provider_id: UUID) -> Response:
    """Off if it is on, on if it is off."""
    async with db.customer(actor) as tx:
        row = await access.own(tx, actor, provider_id)
        wanted = Change({"is_active": not row.is_active})
        await connections.change(tx, actor, models.vault, provider_id, wanted)
    return RedirectResponse("/providers", 303)


@router.post("/providers/{provider_id}/remove")
async def remove(actor: PageCaller, db: Db, provider_id: UUID) -> Response:
    async with db.customer(actor) as tx:
        await connections.remove(tx, actor, provider_id)
    return RedirectResponse("/providers", 303)


async def _try(
    request: Request, actor: Actor, models: Connected, books: Books, form: ProviderForm, row: Row | None
) -> HTMLResponse:
    try:
        wish = form.wish()
        wish.check()
        if wish.kind.needs_key and wish.api_key is None:
            raise connections.key_missing(wish.kind)
        await models.egress.look(wish.endpoint())
        result = await Exam(models, books, actor, unsaved(actor, wish)).sit()
    except Refusal as refusal:
        if "hx-request" in request.headers:
            return fragment(request, "providers/_test.html", actor, **_about(form, row, refusal=refusal))
        return _form(request, actor, form, row, refusal=refusal)
    return _result(request, actor, form, row, result.stored())


def _result(
    request: Request, actor: Actor, form: ProviderForm, row: Row | None, test: dict[str, Any]
) -> HTMLResponse:
    if "hx-request" in request.headers:
        return fragment(request, "providers/_test.html", actor, **_about(form, row, test=test))
    return _form(request, actor, form, row, test=test)


def _form(
    request: Request,
    actor: Actor,
    form: ProviderForm,
    row: Row | None = None,
    *,
    refusal: Refusal | None = None,
    test: dict[str, Any] | None = None,
) -> HTMLResponse:
    context = _about(form, row, test=test, refusal=refusal)
    return page(request, "providers/provider.html", actor, refusal.status if refusal else 200, **context)


def _about(
    form: ProviderForm,
    row: Row | None,
    *,
    test: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    """What the form's templates show. The key is not among it."""
    kind = KINDS[form.provider_type]
    shown = test or (row.last_test if row and row.provider_type == form.provider_type else None)
    offered = list(shown["models"] if shown and shown["models"] else kind.models)
    errors = {error["field"]: error["message"] for error in (refusal.errors or [])} if refusal else {}
    return {
        "form": form.model_dump(exclude={"api_key"}),
        "row": row,
        "kind": kind,
        "kinds": [(each.name, each.label) for each in KINDS.values()],
        "offered": offered,
        "errors": errors,
        "problem": refusal,
        "test": shown,
        "address": f"/providers/{row.id}" if row else "/providers/new",
    }
