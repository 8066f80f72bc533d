"""Where the database is: the operator's own, or the one we bring and keep running meanwhile."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

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
    serving = _readable("AIDECAMP_DATABASE_URL", settings.database_url)
    owner = settings.owner_database_url
    owning = _readable("AIDECAMP_OWNER_DATABASE_URL", owner) if owner else serving
    yield Urls(owner=owning, serving=serving, superuser=owning)


def _readable(name: str, url: SecretStr) -> str:
    """The address, or a refusal that shows none of it: libpq's own would quote pieces of a password."""
    text = url.get_secret_value()
    try:
        if text.startswith(("postgresql://", "postgres://")):
            port = conninfo_to_dict(text).get("port", "")
            if re.fullmatch(r"[\d,]*", str(port)):
                return text
    except psycopg.ProgrammingError:
        pass
    raise ValueError(
        f"{name} can't be read: it is postgresql://role:password@host:port/database, "
        "with signs such as @ and / percent-encoded in the password."
    )
