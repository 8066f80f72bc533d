"""A process that uses the embedded database until it is told to leave: `python -m tests.db.holder HOME`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psycopg

from aidecamp.db.embedded import running


async def main(home: Path, loopback: bool) -> None:
    async with running(home, loopback=loopback or None) as urls:
        with psycopg.connect(urls.superuser) as connection:
            connection.execute("select 1")
        print(urls.superuser, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "--loopback" in sys.argv))
