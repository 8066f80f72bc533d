"""The append-only trail: written with the deed, chained per customer a moment later, verifiable for ever."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.transaction import Transaction

CODE = re.compile(r"[\w.:/+()\[\] -]{0,120}", re.ASCII)


async def record(
    tx: Transaction,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: UUID | None = None,
    outcome: str = "ok",
    **facts: Any,
) -> UUID:
    """Write one entry in the transaction of the deed itself; both stay or neither does.

    Facts are ids, counts and codes. Text that is not a code is kept as a fingerprint only, so that no
    caller's mistake can put content or an address into rows that are never deleted.
    """
    entry_id = new_id()
    await tx.run(
        """with entry as (
               insert into audit_entries
                   (customer_id, id, actor_id, role, via, action, object_kind, object_id, outcome, facts)
               values (%(customer_id)s, %(id)s, %(actor_id)s, %(role)s, %(via)s, %(action)s, %(object_kind)s,
                       %(object_id)s, %(outcome)s, %(facts)s)
           )
           insert into due (kind, customer_id, object_id, due_at)
           values ('audit', %(customer_id)s, %(id)s, now())""",
        customer_id=actor.customer_id,
        id=entry_id,
        actor_id=actor.user_id,
        role=actor.role.value,
        via=actor.via,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        outcome=outcome,
        facts=Jsonb({name: _fact(value) for name, value in facts.items()}),
    )
    return entry_id


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_fact(item) for item in value]
    text = str(value)
    if CODE.fullmatch(text):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
