"""A small application with the toolkit around it, for tests that need no room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from fastapi import Body, FastAPI, File, Request, UploadFile
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from aidecamp.errors import NotFound, RateLimited
from aidecamp.settings import Settings
from aidecamp.web import frame, render, shell, sse
from aidecamp.web.listing import After, Limit
from aidecamp.web.text import CleanName, CleanText


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    title: Annotated[CleanName, Field(max_length=20)]
    text: CleanText = ""
    weight: float = 0


def application(**settings: Any) -> FastAPI:
    app = FastAPI(dependencies=frame.DEPENDENCIES)
    app.state.settings = Settings(**settings)

    @app.post("/api/v1/notes")
    async def make(note: Note) -> Note:
        return note

    @app.get("/api/v1/notes")
    async def several(limit: Limit = 50, after: After = None) -> dict[str, Any]:
        return {"limit": limit, "after": str(after)}

    @app.get("/api/v1/crash")
    async def crash() -> None:
        raise RuntimeError("secret-in-message")

    @app.get("/api/v1/slow")
    async def slow() -> None:
        raise RateLimited(retry_after=2.2)

    @app.post("/api/v1/imports")
    async def upload(file: Annotated[UploadFile, File()]) -> int:
        return len(await file.read())

    @app.get("/v1/models")
    async def models() -> None:
        raise RateLimited()

    @app.get("/page")
    async def page(request: Request) -> HTMLResponse:
        shell.fill(request, shell.Shell((), "Acme", "Ann Bell", "ann@example.org", "user"))
        return render.page(request, "web/problem.html", None, problem=NotFound("<b>bold</b>"), request_id="x")

    @app.get("/page/crash")
    async def page_crash() -> None:
        raise RuntimeError("secret-in-message")

    @app.get("/events")
    async def events() -> sse.EventStream:
        return sse.EventStream(_two())

    @app.post("/api/v1/raw")
    async def raw(value: Annotated[dict[str, Any], Body()]) -> int:
        return len(value)

    frame.install(app, app.state.settings, larger={"/api/v1/imports": 3 * 1024 * 1024})
    return app


@asynccontextmanager
async def client(app: FastAPI | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app or application())
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield http


async def _two() -> AsyncIterator[bytes]:
    yield sse.frame(1, "delta", {"text": "a\n\nevent: end\r"})
    yield sse.frame(2, "end", {})
