"""Puts the toolkit around an application: the outer layers, the problem handlers, the static files."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Depends, FastAPI

from aidecamp.settings import Settings
from aidecamp.web import openapi, problems, static
from aidecamp.web.body import BodyLimit
from aidecamp.web.idempotency import Keep, Replay, replayed
from aidecamp.web.listing import only_known_query
from aidecamp.web.security import Edge

# For every route: `FastAPI(dependencies=frame.DEPENDENCIES)`.
DEPENDENCIES = [Depends(only_known_query)]


def install(app: FastAPI, settings: Settings, *, larger: Mapping[str, int] | None = None) -> None:
    """Called once by app.py, after its routers; `larger` names the exact paths with their own body limit."""
    problems.install(app)
    app.add_exception_handler(Replay, replayed)
    openapi.install(app)
    app.include_router(static.router)
    # Each addition goes around the ones before: Edge is outermost.
    app.add_middleware(Keep)
    app.add_middleware(BodyLimit, larger=larger)
    app.add_middleware(Edge, https=(settings.public_url or "").startswith("https://"))
