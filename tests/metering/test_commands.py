"""`aidecamp usage verify`, as an operator runs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from tests.metering.books import admit, reported
from tests.people import Cast


async def run(urls: Urls, home: Path, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aidecamp.cli", "usage", "verify", *words,
        env=os.environ | {"AIDECAMP_DATABASE_URL": urls.serving, "AIDECAMP_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, complained = await process.communicate()
    return process.returncode or 0, told.decode(), complained.decode()


async def test_verify_agrees_then_lists_what_differs(
    urls: Urls, database: Database, cast: Cast, ledger: Ledger, tmp_path: Path
) -> None:
    await ledger.settle(await admit(ledger, cast.user.actor), reported(100, 50))
    status, told, complained = await run(urls, tmp_path)
    assert (status, complained) == (0, "")
    assert "2 customers agree" in told
    async with database.of(cast.customer) as tx:
        await tx.run("update ai_token_usage set output_tokens = 51")
    status, told, complained = await run(urls, tmp_path, "--customer", str(cast.customer), "--json")
    assert status == 1
    (found,) = json.loads(told)["differences"]
    assert "out 51" in found["kept"]
    assert "out 50" in found["recomputed"]
    assert complained.startswith("aidecamp: 1 figure")
