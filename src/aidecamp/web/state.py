"""What the application holds for all requests, as typed dependencies."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from aidecamp.db.pool import Database
from aidecamp.settings import Settings


def database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


Db = Annotated[Database, Depends(database)]
Configured = Annotated[Settings, Depends(settings)]
