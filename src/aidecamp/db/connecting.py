"""Connections that know whether a pooler stands in between, which keeps sessions and settings to itself."""

from __future__ import annotations

from typing import Any, Self

import psycopg
from psycopg import AsyncConnection

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 30_000

# The last one is a mark: who can't read it back speaks to the server through a pooler.
OPTIONS = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c timezone=UTC -c aidecamp.direct=on"
)
IN_THIS_TRANSACTION = """
select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
       set_config('idle_in_transaction_session_timeout', %s, true), set_config('timezone', 'UTC', true)
"""


class Connection(AsyncConnection[Any]):
    """Ours to the database: time limits and UTC set. Behind a pooler nothing is prepared."""

    pooled = False

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        try:
            connection = await super().connect(conninfo, options=OPTIONS, **kwargs)
        except psycopg.OperationalError as error:
            # PgBouncer refuses options unless it is told to ignore them.
            if "startup parameter" not in str(error):
                raise
            connection = await super().connect(conninfo, **kwargs)
        row = await (
            await connection.execute("select current_setting('aidecamp.direct', true) = 'on'", prepare=False)
        ).fetchone()
        if not connection.autocommit:
            await connection.rollback()
        if row is None or not (row[0] if isinstance(row, tuple) else next(iter(row.values()))):
            connection.pooled = True
            connection.prepare_threshold = None
        return connection

    async def limit(self) -> None:
        """The same limits for this transaction, where the session could not take them."""
        if self.pooled:
            limits = (STATEMENT_TIMEOUT_MS, LOCK_TIMEOUT_MS, IDLE_IN_TRANSACTION_MS)
            await self.execute(IN_THIS_TRANSACTION, [str(limit) for limit in limits])
