"""Liveness, readiness, and numbers for Prometheus."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from aidecamp.db.pool import Database

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="Whether requests can be served; 503 where the database can't be reached")
async def readyz(request: Request) -> dict[str, str]:
    database: Database = request.app.state.database
    await database.ping()
    return {"status": "ready"}


@router.get(
    "/metrics",
    summary="Prometheus",
    response_class=PlainTextResponse,
)
async def metrics() -> Response:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
