"""Lists: a bounded page of items and the cursor to the next."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most")]
DEFAULT_LIMIT = 50


class Page(BaseModel, Generic[Item]):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None = None


def page(
    rows: Sequence[Row], limit: int, shape: Callable[[Row], Item], id_of: Callable[[Row], UUID]
) -> Page[Item]:
    """Rows were fetched with `limit + 1`; the one too many only says that there is a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(
        items=[shape(row) for row in shown],
        next_cursor=encode(id_of(shown[-1])) if more else None,
    )


def encode(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def decode(cursor: str) -> UUID | None:
    try:
        return UUID(bytes=urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error):
        return None


def after(
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next_cursor` of the page before")
    ] = None,
) -> UUID | None:
    """The id after which the page begins, or None for the first page."""
    if cursor is None:
        return None
    last = decode(cursor)
    if last is None:
        raise RequestValidationError(
            [{"type": "cursor", "loc": ("query", "cursor"), "msg": "this cursor was not made here"}]
        )
    return last


After = Annotated[UUID | None, Depends(after)]


def only_known_query(request: Request) -> None:
    """A misspelt filter must not silently list everything: the API refuses parameters it doesn't know."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params or not route.path.startswith("/api/"):
        return
    known = set(_query_names(route.dependant))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown[:10]]
        )


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        shape = field.field_info.annotation
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            yield from (inner.alias or name for name, inner in shape.model_fields.items())
        else:
            yield field.alias
    for part in dependant.dependencies:
        yield from _query_names(part)
