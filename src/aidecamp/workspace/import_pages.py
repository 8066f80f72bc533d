"""The pages of imports and of insights."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from aidecamp.actor import Actor
from aidecamp.errors import Refusal
from aidecamp.identity.guards import PageCaller, page_allowed
from aidecamp.identity.rights import Right, may
from aidecamp.web.listing import After, encode
from aidecamp.web.render import fragment, page
from aidecamp.web.state import Db
from aidecamp.workspace import access, readings, uploads
from aidecamp.workspace.figures import WorkspaceFigures
from aidecamp.workspace.models import ImportKind
from aidecamp.workspace.store import imports

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

SHOWN = 30
Importer = Annotated[Actor, Depends(page_allowed(Right.IMPORT))]


@router.get("/imports", response_model=None)
async def imports_page(request: Request, actor: Importer, db: Db, after: After, kind: str = "") -> Response:
    return await _imports(request, actor, db, after, None, kind)


@router.post("/imports", response_model=None)
async def upload(
    request: Request,
    actor: Importer,
    db: Db,
    kind: Annotated[ImportKind, Form()],
    file: Annotated[UploadFile, File()],
) -> Response:
    try:
        job = await uploads.accept(db, actor, kind, file)
    except Refusal as problem:
        return await _imports(request, actor, db, None, problem, kind)
    return RedirectResponse(f"/imports/{job.id}", 303)


@router.get("/imports/{import_id}", response_model=None)
async def import_page(request: Request, import_id: UUID, actor: PageCaller, db: Db) -> Response:
    """The page, or while it runs only the part that changes."""
    async with db.customer(actor) as tx:
        job = await access.visible_import(tx, actor, import_id)
    if "hx-request" in request.headers:
        return fragment(request, "workspace/_job.html", actor, job=job)
    return page(request, "workspace/import.html", actor, job=job)


@router.get("/insights", response_model=None)
async def insights_page(
    request: Request, actor: PageCaller, db: Db, days: Literal["28", "90", "365"] = "28"
) -> Response:
    async with db.customer(actor) as tx:
        reading = await readings.read(tx, actor, WorkspaceFigures(), int(days))
    return page(
        request,
        "workspace/insights.html",
        actor,
        reading=reading,
        days=days,
        change=readings.change,
        may_import=may(actor, Right.IMPORT),
    )


async def _imports(
    request: Request, actor: Actor, db: Db, after: UUID | None, problem: Refusal | None, kind: str
) -> Response:
    async with db.customer(actor) as tx:
        rows = await imports.listed(tx, before=after, limit=SHOWN + 1)
    return page(
        request,
        "workspace/imports.html",
        actor,
        problem.status if problem else 200,
        rows=rows[:SHOWN],
        next_cursor=encode(rows[SHOWN - 1].id) if len(rows) > SHOWN else None,
        problem=problem,
        kind=kind if kind in ("contacts", "events", "campaigns") else "contacts",
    )
