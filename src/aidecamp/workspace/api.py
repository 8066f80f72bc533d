"""Campaigns, audiences, contacts and imports over HTTP."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from starlette.responses import StreamingResponse

from aidecamp.actor import Actor
from aidecamp.errors import Conflict, NotFound, TooLarge
from aidecamp.files import pieces
from aidecamp.files import store as files
from aidecamp.identity.guards import Caller, allowed
from aidecamp.identity.rights import Right
from aidecamp.web.listing import DEFAULT_LIMIT, After, Limit, Page, page
from aidecamp.web.patience import PatientRoute
from aidecamp.web.problems import responses
from aidecamp.web.state import Db
from aidecamp.web.text import CleanName
from aidecamp.workspace import access, authoring, uploads
from aidecamp.workspace.models import ImportKind, Status
from aidecamp.workspace.store import audiences, campaigns, contacts, imports
from aidecamp.workspace.wire import (
    AudienceChange,
    AudienceOut,
    CampaignChange,
    CampaignOut,
    Channel,
    ContactOut,
    ImportOut,
    NewAudience,
    NewCampaign,
)

router = APIRouter(prefix="/api/v1", tags=["workspace"], route_class=PatientRoute)

Reader = Annotated[Actor, Depends(allowed(Right.READ_WORKSPACE))]
Drafter = Annotated[Actor, Depends(allowed(Right.EDIT_OWN_DRAFTS))]
Manager = Annotated[Actor, Depends(allowed(Right.EDIT_WORKSPACE))]
Importer = Annotated[Actor, Depends(allowed(Right.IMPORT))]
Search = Annotated[
    CleanName | None, Query(max_length=200, description="How an address, key, phone number or name begins")
]


@router.get("/campaigns")
async def list_campaigns(
    actor: Reader,
    db: Db,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    status: Status | None = None,
    channel: Channel | None = None,
    plan_id: UUID | None = None,
) -> Page[CampaignOut]:
    """Newest first: what was scheduled or sent, and your own drafts; managers see every draft."""
    async with db.customer(actor) as tx:
        rows = await campaigns.listed(
            tx, actor, status=status, channel=channel, plan_id=plan_id, before=after, limit=limit + 1
        )
    return page(rows, limit, CampaignOut.of, lambda row: row.id)


@router.post("/campaigns", status_code=201)
async def create_campaign(wish: NewCampaign, actor: Drafter, db: Db) -> CampaignOut:
    """Make a draft."""
    async with db.customer(actor) as tx:
        return CampaignOut.of(await authoring.create_draft(tx, actor, wish))


@router.get("/campaigns/{campaign_id}", responses=responses(NotFound))
async def read_campaign(campaign_id: UUID, actor: Caller, db: Db) -> CampaignOut:
    async with db.customer(actor) as tx:
        return CampaignOut.of(await access.visible_campaign(tx, actor, campaign_id))


async def seen_campaign(campaign_id: UUID, actor: Caller, db: Db) -> None:
    """Found before the body is judged: what is foreign is absent, whatever was sent."""
    async with db.customer(actor) as tx:
        await access.visible_campaign(tx, actor, campaign_id)


@router.patch(
    "/campaigns/{campaign_id}",
    responses=responses(NotFound, Conflict),
    dependencies=[Depends(seen_campaign)],
)
async def change_campaign(campaign_id: UUID, change: CampaignChange, actor: Caller, db: Db) -> CampaignOut:
    """Change a draft; `content` replaces the whole content."""
    async with db.customer(actor) as tx:
        return CampaignOut.of(await authoring.change_draft(tx, actor, campaign_id, change))


@router.delete("/campaigns/{campaign_id}", status_code=204, responses=responses(NotFound, Conflict))
async def delete_campaign(campaign_id: UUID, actor: Caller, db: Db) -> None:
    """Delete a draft; what was scheduled or sent stays."""
    async with db.customer(actor) as tx:
        await authoring.delete_draft(tx, actor, campaign_id)


@router.get("/audiences")
async def list_audiences(
    actor: Reader, db: Db, after: After, limit: Limit = DEFAULT_LIMIT
) -> Page[AudienceOut]:
    async with db.customer(actor) as tx:
        rows = await audiences.listed(tx, before=after, limit=limit + 1)
    return page(rows, limit, AudienceOut.of, lambda row: row.id)


@router.post("/audiences", status_code=201, responses=responses(Conflict))
async def create_audience(wish: NewAudience, actor: Manager, db: Db) -> AudienceOut:
    """Save an audience; contacts that don't exist are left out."""
    async with db.customer(actor) as tx:
        return AudienceOut.of(await authoring.create_audience(tx, actor, wish))


@router.get("/audiences/{audience_id}", responses=responses(NotFound))
async def read_audience(audience_id: UUID, actor: Caller, db: Db) -> AudienceOut:
    async with db.customer(actor) as tx:
        return AudienceOut.of(await access.visible_audience(tx, audience_id))


async def changeable_audience(audience_id: UUID, actor: Caller, db: Db) -> None:
    async with db.customer(actor) as tx:
        await access.changeable_audience(tx, actor, audience_id)


@router.patch(
    "/audiences/{audience_id}",
    responses=responses(NotFound, Conflict),
    dependencies=[Depends(changeable_audience)],
)
async def change_audience(audience_id: UUID, change: AudienceChange, actor: Caller, db: Db) -> AudienceOut:
    async with db.customer(actor) as tx:
        return AudienceOut.of(await authoring.change_audience(tx, actor, audience_id, change))


@router.delete("/audiences/{audience_id}", status_code=204, responses=responses(NotFound))
async def delete_audience(audience_id: UUID, actor: Caller, db: Db) -> None:
    """Delete a saved audience; its contacts stay, campaigns keep its name as words."""
    async with db.customer(actor) as tx:
        await authoring.delete_audience(tx, actor, audience_id)


@router.get("/contacts")
async def list_contacts(
    actor: Manager,
    db: Db,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    search: Search = None,
    audience_id: UUID | None = None,
) -> Page[ContactOut]:
    """People's own data: for managers and up."""
    async with db.customer(actor) as tx:
        rows = await contacts.listed(
            tx, search=search, audience_id=audience_id, before=after, limit=limit + 1
        )
    return page(rows, limit, ContactOut.of, lambda row: row.id)


@router.get("/contacts/{contact_id}", responses=responses(NotFound))
async def read_contact(contact_id: UUID, actor: Caller, db: Db) -> ContactOut:
    async with db.customer(actor) as tx:
        return ContactOut.of(await access.visible_contact(tx, actor, contact_id))


@router.get("/imports")
async def list_imports(
    actor: Importer, db: Db, after: After, limit: Limit = DEFAULT_LIMIT
) -> Page[ImportOut]:
    async with db.customer(actor) as tx:
        rows = await imports.listed(tx, before=after, limit=limit + 1)
    return page(rows, limit, ImportOut.of, lambda row: row.id)


@router.post("/imports", status_code=202, responses=responses(TooLarge))
async def create_import(
    actor: Importer,
    db: Db,
    kind: Annotated[ImportKind, Form(description="What the rows are")],
    file: Annotated[UploadFile, File(description="CSV, its first row names the columns; up to 256 MiB")],
) -> ImportOut:
    """Queue a file; read the job until its status is `done`, then fetch the rows that were rejected."""
    return ImportOut.of(await uploads.accept(db, actor, kind, file))


@router.get("/imports/{import_id}", responses=responses(NotFound))
async def read_import(import_id: UUID, actor: Caller, db: Db) -> ImportOut:
    async with db.customer(actor) as tx:
        return ImportOut.of(await access.visible_import(tx, actor, import_id))


@router.get(
    "/imports/{import_id}/rejected",
    response_class=StreamingResponse,
    responses=responses(NotFound) | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def download_rejected(import_id: UUID, actor: Caller, db: Db) -> StreamingResponse:
    """The rejected rows with line and reason, as CSV that a spreadsheet opens safely."""
    async with db.customer(actor) as tx:
        job = await access.visible_import(tx, actor, import_id)
        if job.rejected_id is None:
            raise NotFound("No row of this import was rejected, or the file has expired.")
        file = await files.find(tx, job.rejected_id)
    return StreamingResponse(
        pieces.chunks(db, actor, file.id),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "Content-Length": str(file.bytes),
            "Cache-Control": "no-store",
        },
    )
