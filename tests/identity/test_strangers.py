"""The stranger tests: every route against nobody, a stranger, a colleague and every role that is too low."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx2
import pytest

from aidecamp.actor import RANK, Actor, Role
from aidecamp.db.pool import Database
from aidecamp.identity import users
from tests import routes
from tests.door import Door
from tests.objects import MADE_BY_USER, MAKERS, Stage
from tests.people import Cast, Person
from tests.routes import GUARDED, PUBLIC, ROUTES, Found, Line

Asked = Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@pytest.fixture
async def stage(cast: Cast, client: Door, database: Database) -> Stage:
    """The cast's stranger may do almost everything at home; the second outsider may do almost nothing."""
    elsewhere = Actor(cast.stranger.actor.customer_id, None, Role.OWNER)
    low = await users.create(database, elsewhere, "low@example.org", Role.VIEWER)
    outsider = Person(Actor(elsewhere.customer_id, low.id, Role.VIEWER), low.email)
    outsiders = (cast.stranger, outsider)
    return Stage(cast, outsiders, client, database, await client(cast.user), await client(cast.owner))


def test_every_route_stands_in_the_reviewed_table() -> None:
    names = {each.name for each in GUARDED}
    assert names - set(ROUTES) == set(), "new routes need a line in tests/routes.py"
    assert set(ROUTES) - names == set(), "lines of tests/routes.py without a route"
    assert set(PUBLIC) - {each.name for each in routes.found()} == set()


def test_every_path_parameter_has_a_maker() -> None:
    named = {name for each in GUARDED for name in re.findall(r"{(\w+)", each.path)}
    assert named - set(MAKERS) == set(), "new path parameters need a maker in tests/objects.py"


@pytest.mark.parametrize("found", GUARDED, ids=lambda found: found.name)
async def test_who_may_not_is_refused(found: Found, stage: Stage) -> None:
    line = ROUTES[found.name]
    made = await objects(found, stage)
    ask = asking(found, line, made)
    expect_unknown(found, await ask(await stage.door()))
    expect_unknown(found, await ask(await stage.door(headers={"Authorization": "Bearer adc_" + "x" * 43})))
    await a_cookie_alone_changes_nothing(found, line, stage, ask)
    if line.belongs != "nobody":
        await outsiders_find_nothing(found, line, stage, made)
    if line.belongs == "personal":
        others = [p for p in (*stage.cast.members, stage.cast.colleague) if p.id != stage.cast.user.id]
        for other in others:
            expect(await ask(await stage.door(other)), (404,), found)
        return
    for role in Role:
        if RANK[role] < RANK[line.lowest] and not (line.belongs == "shared" and is_maker(role, found)):
            expect(await ask(await stage.door(stage.cast[role])), (line.below,), found)


@pytest.mark.parametrize("found", GUARDED, ids=lambda found: found.name)
async def test_who_may_gets_through(found: Found, stage: Stage) -> None:
    line = ROUTES[found.name]
    ask = asking(found, line, await objects(found, stage))
    person = stage.cast.user if line.belongs == "personal" else stage.cast[line.lowest]
    answer = await ask(await stage.door(person))
    assert answer.status_code < 400 or answer.status_code in line.also, f"{found.name}: {answer.text[:600]}"


async def a_cookie_alone_changes_nothing(found: Found, line: Line, stage: Stage, ask: Asked) -> None:
    if found.method == "GET":
        return
    person = stage.cast.user if line.belongs == "personal" else stage.cast[line.lowest]
    browser = await stage.door(person, "session")
    del browser.headers["X-CSRF-Token"]
    expect(await ask(browser), (403,), found)


async def outsiders_find_nothing(found: Found, line: Line, stage: Stage, made: dict[str, UUID]) -> None:
    """ISO-14: a foreign object answers like one that never was."""
    # An object in a path is not there before all else; one in a body is read after the role.
    allowed = (404,) if "{" in found.path else (403, 404)
    unknown = {name: shifted(value) for name, value in made.items()}
    for outsider in stage.outsiders:
        client = await stage.door(outsider)
        foreign, absent = [await asking(found, line, each)(client) for each in (made, unknown)]
        expect(foreign, allowed, found)
        assert foreign.status_code == absent.status_code
        if not found.is_page:
            assert foreign.json() == absent.json()


BODIED = [
    each
    for each in GUARDED
    if ROUTES.get(each.name, Line()).json is not None and PARAMETER.search(each.path) and not each.is_page
]


@pytest.mark.parametrize("found", BODIED, ids=lambda found: found.name)
@pytest.mark.parametrize("body", [b'{"no_such_field": 1}', b"{", b"[]", b"\xff", b"[" * 100_000])
async def test_a_foreign_object_is_absent_whatever_was_sent(found: Found, body: bytes, stage: Stage) -> None:
    path = filled(found.path, await objects(found, stage))
    kind = {"Content-Type": "application/json"}
    stranger = await stage.door(stage.cast.stranger)
    expect(await stranger.request(found.method, path, content=body, headers=kind), (404,), found)
    del stranger.headers["Authorization"]
    expect(await stranger.request(found.method, path, content=body, headers=kind), (401,), found)


async def objects(found: Found, stage: Stage) -> dict[str, UUID]:
    """What the path and the body name, by the name of the parameter."""
    line = ROUTES[found.name]
    named = PARAMETER.findall(f"{found.path} {json.dumps(line.json)} {line.form}")
    return {name: await MAKERS[name](stage) for name in dict.fromkeys(named)}


def asking(found: Found, line: Line, made: dict[str, UUID]) -> Asked:
    path = filled(found.path, made)
    body = None if line.json is None else json.loads(filled(json.dumps(line.json), made))
    form = None if line.form is None else {name: filled(value, made) for name, value in line.form.items()}

    async def ask(client: httpx2.AsyncClient) -> httpx2.Response:
        return await client.request(found.method, path, json=body, data=form, files=line.files, timeout=20)

    return ask


def filled(text: str, made: dict[str, UUID]) -> str:
    return PARAMETER.sub(lambda match: str(made[match[1]]), text)


def expect_unknown(found: Found, answer: httpx2.Response) -> None:
    if found.is_page:
        assert answer.status_code == 303, f"{found.name}: {answer.status_code}"
        assert answer.headers["location"].startswith("/sign-in")
    else:
        expect(answer, (401,), found)


def expect(answer: httpx2.Response, statuses: tuple[int, ...], found: Found) -> None:
    assert answer.status_code in statuses, f"{found.name}: {answer.status_code} {answer.text[:600]}"
    if not found.is_page:
        assert answer.headers["content-type"] == "application/problem+json"


def is_maker(role: Role, found: Found) -> bool:
    return role is Role.USER and bool(MADE_BY_USER & set(PARAMETER.findall(found.path)))


def shifted(value: UUID) -> UUID:
    return UUID(int=value.int ^ 1)


@pytest.mark.parametrize("found", [each for each in GUARDED if each.is_page], ids=lambda found: found.name)
async def test_io_10_no_page_falls_over_what_the_database_cannot_store(found: Found, stage: Stage) -> None:
    assert found.route is not None
    line = ROUTES[found.name]
    path = filled(found.path, await objects(found, stage))
    odd = {field.alias: "a\0b" for field in found.route.dependant.query_params}
    form = {name: value if "{" in value else f"{value}\0" for name, value in (line.form or {}).items()}
    browser = await stage.door(stage.cast.owner if line.belongs != "personal" else stage.cast.user)
    answer = await browser.request(found.method, path, params=odd, data=form or None, timeout=20)
    assert answer.status_code < 500, f"{found.name}: {answer.text[:600]}"
