"""Word to every worker that somebody's keys ended, so that open streams end too and not only new requests."""

from __future__ import annotations

from uuid import UUID

from aidecamp.db.signals import Signals
from aidecamp.db.transaction import Transaction

TOPIC = "revoked"


async def tell(
    signals: Signals, tx: Transaction, customer_id: UUID, user_id: UUID, session_id: UUID | None = None
) -> None:
    """Heard when the transaction commits. Whoever keeps a stream open for the user asks the guard again."""
    ids = {"customer_id": customer_id, "user_id": user_id, "session_id": session_id}
    await signals.send(tx, TOPIC, {name: value for name, value in ids.items() if value is not None})
