"""The commands: one answer on stdout, one clear line for what is wrong."""

from __future__ import annotations

import asyncio
import io
import json
from uuid import uuid4

import pytest
from cyclopts import App

from aidecamp.db.cluster import Urls
from aidecamp.db.pool import Database
from aidecamp.errors import Refusal
from aidecamp.identity import commands
from aidecamp.identity.recognition import recognise
from aidecamp.identity.sign_in import sign_in

NAME, EMAIL, PASSWORD = "Lighthouse", "ana@lighthouse.example", "open sesame, please"


@pytest.fixture
def command(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("AIDECAMP_DATABASE_URL", urls.serving)
    monkeypatch.setenv("AIDECAMP_OWNER_DATABASE_URL", urls.owner)
    app = App()
    commands.register(app)
    return app


def run(app: App, *words: str) -> None:
    app(words, exit_on_error=False, print_error=False, result_action="return_value")


def test_from_nothing_to_a_token_that_works(
    command: App, urls: Urls, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(command, "customers", "create", NAME, "--timezone", "Europe/Berlin", "--json")
    customer = json.loads(capsys.readouterr().out)["id"]
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    run(
        command, "users", "create", EMAIL, "--customer", customer, "--role", "owner", "--password-stdin",
        "--json",
    )  # fmt: skip
    user = json.loads(capsys.readouterr().out)["id"]
    run(command, "tokens", "create", EMAIL, "--days", "3")
    key = capsys.readouterr().out.strip()

    async def who() -> tuple[str, str]:
        database = Database(urls.serving)
        await database.open()
        known = await recognise(database, key, "token")
        opened = await sign_in(database, EMAIL, PASSWORD, "192.0.2.1")
        await database.close()
        assert known is not None
        return str(known.actor.customer_id), str(opened.recognised.actor.user_id)

    assert asyncio.run(who()) == (customer, user)


@pytest.mark.parametrize(
    "words",
    [
        ("customers", "create", NAME, "--timezone", "Berlin"),
        ("customers", "create", ""),
        ("users", "create", EMAIL, "--customer", str(uuid4()), "--role", "owner"),
        ("tokens", "create", "nobody@example.org"),
        ("tokens", "create", "no address"),
        ("tokens", "create", EMAIL, "--days", "0"),
    ],
)
def test_what_is_wrong_is_one_sentence(command: App, words: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refusal:
        run(command, *words)
    assert "\n" not in str(refusal.value)
