"""Routes that judge a body last: who asks and what is asked for come before how it is written."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class Broken:
    """Stands for a body that is no JSON; every shape refuses it."""


class PatientRoute(APIRoute):
    """`APIRouter(route_class=PatientRoute)`: broken JSON is refused after the dependencies, not before.

    The framework would answer it first, so that a stranger saw 422 where 401 or 404 is promised.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def patient(request: Request) -> Response:
            return await handle(_Patient(request.scope, request.receive))

        return patient


class _Patient(Request):
    async def json(self) -> Any:
        try:
            return await super().json()
        except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested without end
            return Broken()
