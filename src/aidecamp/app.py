"""Builds the application: the only place that knows every room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from aidecamp import logs, rail, settings
from aidecamp.chat import api as chat_api
from aidecamp.chat import pages as chat_pages
from aidecamp.chat import shutdown
from aidecamp.chat import tasks as _chat_tasks  # noqa: F401  # its beats
from aidecamp.chat.turn import Turns
from aidecamp.db import check
from aidecamp.db.addresses import addresses
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.identity import api as identity_api
from aidecamp.identity import pages as identity_pages
from aidecamp.identity import tasks as _identity_tasks  # noqa: F401  # its beats
from aidecamp.identity.guards import SignInNeeded
from aidecamp.jobs import worker
from aidecamp.jobs.app import opened
from aidecamp.jobs.context import Services
from aidecamp.metering import api as metering_api
from aidecamp.metering import pages as metering_pages
from aidecamp.metering.ledger import Ledger
from aidecamp.privacy import api as privacy_api
from aidecamp.privacy import pages as privacy_pages
from aidecamp.providers import api as providers_api
from aidecamp.providers import opening as providers
from aidecamp.providers import pages as providers_pages
from aidecamp.settings import Settings
from aidecamp.suggestions import api as suggestions_api
from aidecamp.suggestions import pages as suggestions_pages
from aidecamp.web import frame, health
from aidecamp.workspace import api as workspace_api
from aidecamp.workspace import import_pages
from aidecamp.workspace import pages as workspace_pages
from aidecamp.workspace.adapter import WorkspaceHost
from aidecamp.workspace.uploads import LARGER_BODIES

APIS: tuple[APIRouter, ...] = (
    health.router,
    identity_pages.entrance,
    identity_api.router,
    metering_api.router,
    providers_api.router,
    workspace_api.router,
    suggestions_api.router,
    chat_api.router,
    privacy_api.router,
)
PAGES: tuple[APIRouter, ...] = (
    identity_pages.router,
    chat_pages.router,
    metering_pages.router,
    providers_pages.router,
    suggestions_pages.router,
    privacy_pages.router,
    workspace_pages.router,
    import_pages.router,
)


def serving() -> FastAPI:
    """What uvicorn's processes call."""
    chosen = settings.load()
    logs.configure(chosen.log_format, chosen.log_level)
    return build(chosen)


def build(settings: Settings) -> FastAPI:
    """The application with all routes; its lifespan opens what `attached` gives it."""
    application = FastAPI(
        title="Aidecamp", version="1", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None,
        lifespan=_lifespan, dependencies=frame.DEPENDENCIES, redirect_slashes=False,
    )  # fmt: skip
    application.state.settings = settings
    application.state.places = frozenset(
        route.path for router in PAGES for route in router.routes if isinstance(route, APIRoute)
    )
    for router in APIS:
        application.include_router(router)
    for router in PAGES:
        application.include_router(router, dependencies=[Depends(rail.fill)])
    application.add_exception_handler(SignInNeeded, identity_pages.to_sign_in)
    frame.install(application, settings, larger=LARGER_BODIES)
    return application


@asynccontextmanager
async def attached(application: FastAPI, url: str) -> AsyncIterator[Services]:
    """Everything that requests and jobs share, on `application.state`, for as long as the block lasts."""
    state = application.state
    async with contextlib.AsyncExitStack() as stack:
        database = Database(url)
        await database.open()
        stack.push_async_callback(database.close)
        signals = Signals(database)
        await signals.open()
        stack.push_async_callback(signals.close)
        ledger = Ledger(
            database,
            rate_per_minute=state.settings.rate_per_minute,
            streams_per_user=state.settings.streams_per_user,
        )
        await ledger.open()
        stack.push_async_callback(ledger.close)
        await stack.enter_async_context(opened(url))
        state.database, state.signals, state.ledger = database, signals, ledger
        state.models = await stack.enter_async_context(providers.opened(state.settings, database))
        state.host = host = WorkspaceHost()
        state.turns = Turns(database, ledger, state.models, host, signals)
        stack.push_async_callback(state.turns.drain)
        yield Services(state.settings, database, {"signals": signals, "ledger": ledger, "host": host})


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    chosen: Settings = application.state.settings
    async with addresses(chosen) as urls:
        await check.require(urls.serving)
        async with attached(application, urls.serving) as services, _jobs(services):
            with shutdown.heard(application.state.turns):
                yield


@asynccontextmanager
async def _jobs(services: Services) -> AsyncIterator[None]:
    """Work in the background beside the requests, unless another process does."""
    if not services.settings.jobs:
        yield
        return
    working = asyncio.create_task(worker.run(services), name="worker")
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
