"""Static files: read once, compressed once, addressed by their digest and therefore cached for ever.

Kept in memory (well under 1 MB), so there is no path to traverse and no Range to abuse.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from aidecamp.errors import NotFound

FOLDER = Path(__file__).resolve().parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
PACKED = frozenset({".css", ".js", ".svg", ".txt"})
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    body: bytes
    packed: bytes | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Shelf:
    digest: str
    files: dict[str, File]


@router.get("/static/{digest}/{name:path}")
@router.head("/static/{digest}/{name:path}")
async def file(digest: str, name: str, request: Request) -> Response:
    """An older digest still gets today's file, for pages that were open during an update, uncached."""
    found = shelf().files.get(name)
    if found is None:
        raise NotFound()
    headers = {
        "Cache-Control": FOR_EVER if digest == shelf().digest else "no-cache",
        "Vary": "Accept-Encoding",
    }
    packs = "gzip" in request.headers.get("accept-encoding", "")
    if found.packed is not None and packs:
        return Response(
            found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type
        )
    return Response(found.body, headers=headers, media_type=found.media_type)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    return await file("", "mark.svg", request)


def url(name: str) -> str:
    if name not in shelf().files:
        raise LookupError(f"no static file {name}")
    return f"/static/{shelf().digest}/{name}"


def icon(name: str, label: str = "") -> Markup:
    """A symbol of the sprite; without a label it is decoration and hidden from screen readers."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(said, url("icons.svg"), name)


@lru_cache(maxsize=1)
def shelf() -> Shelf:
    paths = sorted(path for path in FOLDER.rglob("*") if path.suffix in TYPES)
    digest = hashlib.sha256()
    files = {}
    for path in paths:
        name, body = path.relative_to(FOLDER).as_posix(), path.read_bytes()
        digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
        packed = gzip.compress(body, 9, mtime=0) if path.suffix in PACKED else None
        files[name] = File(body, packed, TYPES[path.suffix])
    return Shelf(digest.hexdigest()[:12], files)
