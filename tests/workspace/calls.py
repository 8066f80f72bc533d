"""What the tests of the workspace's routes share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx2

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.workspace import running

EMAIL = {"name": "Spring", "channel": "email", "content": {"subject": "Hello", "body": "Dear {{first_name}}"}}
EVENTS = "email,campaign,kind,channel,occurred_at,value\n" + "".join(
    f"p{n}@example.org,Spring,{kind},email,2026-03-03T{9 + n % 8:02d}:00:00+01:00,{value}\n"
    for n in range(60)
    for kind, value in (("sent", ""), ("opened", ""), ("purchased", "10"))
)


async def draft(http: httpx2.AsyncClient, **changed: Any) -> dict[str, Any]:
    answer = await http.post("/api/v1/campaigns", json=EMAIL | changed)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def bring(
    database: Database, http: httpx2.AsyncClient, actor: Actor, kind: str, text: str | bytes
) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    answer = await http.post("/api/v1/imports", data={"kind": kind}, files={"file": ("Köln.csv", data)})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["status"] == "queued"
    await running.run(database, actor.customer_id, UUID(job["id"]))
    done: dict[str, Any] = (await http.get(f"/api/v1/imports/{job['id']}")).json()
    return done
