"""Canaries sung through a whole installation whose database logs everything: no key rests anywhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg
import pytest

from aidecamp.db.cluster import Urls
from aidecamp.db.embedded import running
from tests.doubles import SSE, Answer, ScriptedProvider, json_answer, openai_stream, scripted
from tests.installation import Installation, Server, installation

pytestmark = pytest.mark.slow

TALKATIVE = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "debug5",
    "log_min_messages": "info",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
}
KEYS = {
    "api": "sk-proj-Canary0Api7Qx9Lm2Vt5Rw8Zk3Hd6",
    "page": "plainCanaryPage4Tn6Yb1Wc8Gf3Js5Pv",  # not shaped like a key: no pattern would catch it
    "changed": "CanaryChanged2Mx7Kq4Bz9Ld1Fh6",
    "tried": "CanaryTried8Uy3Ne5Ao2Ip7Sr4",
    "echoed": "CanaryEchoed6Dc9Xv2Tg5Bn8Hm1",
}
PASSWORD = "canary-horse-battery-3918-staple"
QUESTION = "Does the zanzibar marmalade canary 7741 question rest anywhere?"
ANSWER = "Yes, the velvet periscope canary 2206 answer rests in its row alone."
EMAIL = "canary.person@example.org"
WORDS = {"question": "zanzibar marmalade", "answer": "velvet periscope", "e-mail": EMAIL}


@dataclass
class Place:
    """What was done, and every place where a trace of it may be."""

    installed: Installation
    urls: Urls
    provider: ScriptedProvider
    server: Server | None = None
    pages: list[str] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)

    @property
    def postgres_log(self) -> str:
        folder = self.installed.home / "postgres" / "data"
        logs = [*(folder / "log").iterdir(), folder / "start.log"]
        return "\n".join(path.read_text("utf-8", "replace") for path in logs)

    @property
    def server_log(self) -> str:
        return (self.installed.home / "server.log").read_text("utf-8", "replace")

    def note_processes(self) -> None:
        """Arguments of every process, environments of our own server's."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.processes.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
        assert self.server is not None
        own = Path(f"/proc/{self.server.process.pid}/environ")
        self.processes.add(own.read_bytes().decode("utf-8", "replace"))


@pytest.fixture(scope="module")
def traces() -> dict[str, str]:
    """One long run; then its traces, by the name of the sink."""
    return asyncio.run(_run())


async def _run() -> dict[str, str]:
    async with scripted() as provider:
        with installation(
            AIDECAMP_PRIVATE_ENDPOINTS=provider.listed, AIDECAMP_RATE_PER_MINUTE="0"
        ) as installed:
            async with running(installed.home, settings=TALKATIVE) as urls:
                place = Place(installed, urls, provider)
                await _use(place)
                return await _collected(place)


async def _use(place: Place) -> None:
    run = place.installed.run
    customer = (await asyncio.to_thread(run, "customers", "create", "Canary & Sons"))["id"]
    words = ("users", "create", EMAIL, "--customer", customer, "--role", "owner", "--password-stdin")
    await asyncio.to_thread(run, *words, stdin=PASSWORD)
    token = (await asyncio.to_thread(run, "tokens", "create", EMAIL))["token"]
    KEYS["token"] = token
    async with await _extension(place.urls):
        pass
    with place.installed.running("serve") as server:
        place.server = server
        async with server.client(token) as api:
            await _over_the_api(place, api)
        await _over_the_pages(place, server)
        place.note_processes()
        await _rotate(place)
        file = str(place.installed.home / "dump.sql")
        await asyncio.to_thread(run, "backup", file)
        async with server.client(token) as api:
            for path in ("/metrics", "/api/v1/audit", "/api/v1/providers", "/api/v1/openapi.json"):
                place.pages.append((await api.get(path)).text)


async def _extension(urls: Urls) -> psycopg.AsyncConnection[Any]:
    connection = await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True)
    await connection.execute("create extension if not exists pg_stat_statements")
    return connection


async def _over_the_api(place: Place, api: httpx2.AsyncClient) -> None:
    provider = place.provider

    async def post(path: str, body: Any, *expected: int) -> Any:
        answer = await api.post(f"/api/v1{path}", json=body)
        place.pages.append(answer.text + str(answer.headers))
        assert answer.status_code in expected, answer.text
        return answer.json()

    body = _settings(place, "api")
    saved = await post("/providers", body, 201)
    await post(f"/providers/{saved['id']}/test", {}, 200)
    # A provider that repeats the key it refuses, in body, header and reason.
    provider.say(_echo)
    await post("/providers/test", _settings(place, "echoed"), 200)
    await post("/providers", body | {"name": "Two", "api_key": f"{KEYS['tried']}\nX: y"}, 422)
    await post("/providers", body | {"name": "Two", "api_key": KEYS["tried"], "unknown": 1}, 422)
    await post("/providers", body | {"name": "x\0", "api_key": KEYS["tried"], "model_name": ""}, 422)
    await post("/providers", body | {"api_endpoint": f"https://u:{KEYS['tried']}@example.org/v1"}, 422)
    await post("/providers", body | {"api_endpoint": "http://10.0.0.1/v1", "api_key": KEYS["tried"]}, 422)
    changed = await api.patch(f"/api/v1/providers/{saved['id']}", json={"api_key": KEYS["changed"]})
    assert changed.status_code == 200, changed.text
    place.pages.append(changed.text)
    room = (await post("/conversations", {"context_type": "content"}, 201))["id"]
    provider.say(openai_stream(re.findall(r"\S+ ?", ANSWER), usage=(50, 20)))
    await post(f"/conversations/{room}/messages", {"content": QUESTION}, 200)
    for fault in (_echo, Answer(500, {}, [b"oops " + KEYS["changed"].encode()]), _broken):
        provider.say(fault)
        await post(f"/conversations/{room}/messages", {"content": QUESTION}, 422, 502)
    await post("/auth/login", {"email": EMAIL, "password": PASSWORD + "x"}, 401, 422)
    place.pages.append((await api.get(f"/api/v1/providers/{saved['id']}")).text)
    provider.always(openai_stream(["fine"], usage=(5, 1)))


async def _over_the_pages(place: Place, server: Server) -> None:
    async with server.client() as browser:
        browser.headers["Origin"] = server.url
        entry = await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert entry.status_code == 303, entry.text
        form = (await browser.get("/providers/new?provider_type=custom")).text
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert csrf, form[:2000]
        wish = _settings(place, "page") | {"max_tokens": "200", "csrf_token": csrf[1], "name": "Paged"}
        wish.pop("config")
        # Refused first: the form comes back without the key that was typed.
        for path, change, status in (
            ("/providers/new", {"model_name": ""}, (200, 422)),
            ("/providers/new/test", {}, (200,)),
            ("/providers/new", {}, (303,)),
        ):
            answer = await browser.post(path, data=wish | change)
            assert answer.status_code in status, answer.text[:3000]
            place.pages.append(answer.text + str(answer.headers))
        saved = answer.headers["location"]
        for path in ("/providers", saved, "/account", "/usage"):
            place.pages.append((await browser.get(path)).text)


async def _rotate(place: Place) -> None:
    """A newer master key in front, beside the running server, then back to what it knows."""
    home = place.installed.home
    KEYS["master"] = (home / "master-keys").read_text().strip().split(":", 1)[1]
    fresh = base64.b64encode(bytes(range(7, 39))).decode()
    KEYS["newer master"] = fresh
    both = {"AIDECAMP_MASTER_KEYS": f"k2:{fresh},k1:{KEYS['master']}"}
    place.installed.settings |= both
    done = await asyncio.to_thread(place.installed.attempt, "keys", "rotate")
    assert done.returncode == 0, done.stderr
    place.pages.append(done.stdout + done.stderr)


async def _collected(place: Place) -> dict[str, str]:
    async with await _extension(place.urls) as connection:
        rows = await (await connection.execute("select query from pg_stat_statements")).fetchall()
        trail = await (await connection.execute("select to_jsonb(t)::text from audit_entries t")).fetchall()
        sealed = await (await connection.execute("select api_key from ai_providers")).fetchall()
    assert len(sealed) == 2
    assert all(key.startswith("-----BEGIN PGP MESSAGE-----") for (key,) in sealed)
    assert len(rows) > 100
    assert "insert into ai_messages" in place.postgres_log
    return {
        "server log": place.server_log,
        "PostgreSQL's log": place.postgres_log,
        "pg_stat_statements": "\n".join(query for (query,) in rows),
        "trail": "\n".join(row for (row,) in trail),
        "dump": (place.installed.home / "dump.sql").read_text(),
        "answers": "\n".join(place.pages),
        "processes": "\n".join(place.processes),
    }


def _settings(place: Place, key: str) -> dict[str, Any]:
    return {
        "name": f"Canary {key}", "provider_type": "custom", "api_endpoint": place.provider.base,
        "api_key": KEYS[key], "model_name": "scripted-1", "config": {"max_tokens": 200},
    }  # fmt: skip


def _echo(request: Any) -> Answer:
    key = request.headers["authorization"]
    body = {"error": {"message": f"Incorrect API key provided: {key}", "code": "invalid_api_key"}}
    plain = json_answer(body)
    return Answer(401, {**plain.headers, "X-Echo": key}, plain.pieces)


def _broken(request: Any) -> Answer:
    return Answer(200, SSE, [b"data: {" + request.headers["authorization"].encode() + b"\n\n"])


def forms(secret: str) -> set[str]:
    """Whole, its halves, base64 at each offset, hex, percent-encoded."""
    raw, middle = secret.encode(), len(secret) // 2
    found = {secret, secret[:middle], secret[middle:], raw.hex(), raw.hex().upper(), quote(secret, safe="")}
    for offset in range(3):
        # What stands before it in the encoded whole shifts it; the inner part is the same then.
        inner = base64.b64encode(b"\0" * offset + raw).decode()
        found.add(inner[4 if offset else 0 : -4])
    return found


def master_forms(encoded: str) -> set[str]:
    raw = base64.b64decode(encoded)
    return {encoded, encoded.rstrip("="), raw.hex(), f"\\\\x{raw.hex()}"}


async def test_key_02_no_key_and_no_master_key_rests_anywhere(traces: dict[str, str]) -> None:
    found = [
        (sink, name)
        for name, secret in KEYS.items()
        for form in (master_forms(secret) if "master" in name else forms(secret))
        for sink, text in traces.items()
        if form in text
    ]
    assert found == []


async def test_gdpr_08_no_prompt_answer_address_or_password_is_logged_or_in_the_trail(
    traces: dict[str, str],
) -> None:
    found = [
        (sink, name)
        for name, words in (WORDS | {"password": PASSWORD}).items()
        for sink in ("server log", "PostgreSQL's log", "pg_stat_statements", "trail", "processes")
        if words in traces[sink]
        # An operator who types `users create EMAIL` shows it to whoever may list processes for a moment.
        and (sink, name) != ("processes", "e-mail")
    ]
    assert found == []
    assert PASSWORD not in traces["dump"]
    assert PASSWORD not in traces["answers"]


async def test_the_conversation_is_where_it_belongs(traces: dict[str, str]) -> None:
    """Else the searches above would have found nothing because nothing had happened."""
    assert WORDS["question"] in traces["dump"]
    assert WORDS["answer"] in traces["dump"]
    assert "provider.refused" in traces["server log"]
    assert json.dumps("invalid_key") in traces["answers"]
