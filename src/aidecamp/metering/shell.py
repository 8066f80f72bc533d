"""The meter in the frame of every page: what is left of the day, always true."""

from __future__ import annotations

from aidecamp.actor import Actor
from aidecamp.db.transaction import Transaction
from aidecamp.metering.quota import Window, quota


async def quota_for_shell(tx: Transaction, actor: Actor) -> Window:
    """The day's window; app.py turns it into the shell's meter."""
    return (await quota(tx, actor)).daily
