"""`aidecamp keys …`: the master key and what it seals."""

from __future__ import annotations

from cyclopts import App

from aidecamp import settings
from aidecamp.db.session import session
from aidecamp.providers import opening
from aidecamp.providers.rotation import rotate as rotated
from aidecamp.terminal import AsJson, tell

app = App(name="keys", help="The master key and the provider keys that it seals.")


@app.command(name="rotate")
async def rotate(*, json: AsJson = False) -> None:
    """Re-encrypt every provider key under the first of AIDECAMP_MASTER_KEYS; safe to repeat."""
    chosen = settings.load()
    async with session(chosen) as database:
        vault = await opening.checked(chosen, database)
        done = await rotated(database, vault)
    text = f"Re-encrypted {done} provider keys under master key {vault.newest}."
    tell(text, {"rotated": done, "master_key": vault.newest}, json)
