"""Where the database is: the operator's own, or the one we bring and keep running meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidecamp.db.cluster import Urls
from aidecamp.db.embedded import running
from aidecamp.settings import Settings


@asynccontextmanager
async def addresses(settings: Settings) -> AsyncIterator[Urls]:
    """Addresses by role. Without an owning role of the operator's, `owner` is the serving one."""
    if settings.database_url is None:
        async with running(settings.home) as urls:
            yield urls
        return
    serving = settings.database_url.get_secret_value()
    owner = settings.owner_database_url
    owning = owner.get_secret_value() if owner else serving
    yield Urls(owner=owning, serving=serving, superuser=owning)
