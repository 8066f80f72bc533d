"""The oldest PostgreSQL we promise, as an operator runs it: migrations, the start-up check, a turn."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

from aidecamp.db import check
from aidecamp.db.cluster import Urls
from aidecamp.db.migrate import known, migrate
from tests.doubles import scripted
from tests.faults.server import Server, serving

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
CAREFREE = "-F -p 5432 -c listen_addresses= -c shared_buffers=32MB -c unix_socket_directories="

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROGRAMS / "initdb").exists(), reason=f"no PostgreSQL 15 in {PROGRAMS}"),
]


@pytest.fixture(scope="module")
def oldest() -> Iterator[Path]:
    """The folder of the server's socket."""
    folder = Path(tempfile.mkdtemp(prefix="adc-15-", dir="/tmp"))
    # PostgreSQL refuses root; its package brings an account along.
    account = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, account, -1)

    def run(program: str, *words: str) -> None:
        subprocess.run(
            [PROGRAMS / program, "-D", folder / "data", *words],
            check=True, cwd="/", stdout=subprocess.DEVNULL, user=None if account == os.geteuid() else account,
        )  # fmt: skip

    run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync")
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"{CAREFREE}{folder}")
    try:
        yield folder
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture
def own(oldest: Path) -> Iterator[Urls]:
    """Roles and database as docs/operations.md says, nothing in it yet."""
    superuser, owner, app = (
        f"postgresql://{role}@/aidecamp?host={oldest}"
        for role in ("postgres", "aidecamp_owner", "aidecamp_app")
    )
    with psycopg.connect(superuser, dbname="postgres", autocommit=True) as connection:
        for role in ("aidecamp_owner", "aidecamp_app"):
            connection.execute(f"create role {role} login")
        connection.execute("create database aidecamp owner aidecamp_owner")
        yield Urls(owner, app, superuser)
        connection.execute("drop database aidecamp with (force)")
        connection.execute("drop role aidecamp_owner, aidecamp_app")


async def test_migrations_and_check_pass(own: Urls) -> None:
    assert len(await migrate(own.owner, "aidecamp_app")) == len(known())
    assert await check.findings(own.serving) == []


async def test_wrong_serving_role_is_refused_before_anything_is_touched(own: Urls, tmp_path: Path) -> None:
    async with scripted() as provider:
        for serving_url in (own.superuser, own.owner):
            server = Server(Urls(own.owner, serving_url, own.superuser), provider, tmp_path)
            assert await server.command("serve", "--port", str(server.port)) == (1, "")
    with psycopg.connect(own.superuser) as connection:
        found = connection.execute("select to_regclass('public.migrations')").fetchone()
    assert found == (None,)


async def test_a_turn_is_answered_and_booked(own: Urls, tmp_path: Path) -> None:
    async with scripted() as provider, serving(own, provider, tmp_path) as server:
        headers = {"Authorization": f"Bearer {await _owner(server)}", "Accept": "application/json"}
        async with aiohttp.ClientSession(f"{server.url}/api/v1/", headers=headers) as session:
            await _post(session, "providers", {
                "name": "Scripted", "provider_type": "custom", "api_endpoint": provider.base,
                "api_key": "sk-scripted-0001", "model_name": "scripted-1", "is_default": True,
            })  # fmt: skip
            conversation = await _post(session, "conversations", {"context_type": "analytics"})
            path = f"conversations/{conversation['id']}/messages"
            answer = await _post(session, path, {"content": "How did we do?"})
        assert answer["message"]["status"] == "complete"
        for books in ("usage", "audit"):
            assert (await server.command(books, "verify"))[0] == 0


async def _owner(server: Server) -> str:
    _, made = await server.command("customers", "create", "Harbour", "--json")
    words = ("users", "create", "owner@harbour.example", "--role", "owner", "--customer")
    assert (await server.command(*words, json.loads(made)["id"]))[0] == 0
    return (await server.command("tokens", "create", "owner@harbour.example"))[1]


async def _post(
    session: aiohttp.ClientSession, path: str, body: dict[str, object]
) -> dict[str, dict[str, str]]:
    async with session.post(path, json=body) as answer:
        assert answer.ok, await answer.text()
        found: dict[str, dict[str, str]] = await answer.json()
        return found
