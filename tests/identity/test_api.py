"""Signing in, tokens and users over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from fastapi import FastAPI

from aidecamp.db.pool import Database
from aidecamp.identity.throttle import PER_ADDRESS
from tests.door import Door
from tests.people import Cast

LOGIN = "/api/v1/auth/login"


async def test_login_opens_a_session_whose_csrf_token_is_needed(client: Door, cast: Cast) -> None:
    browser = await client()
    answer = await browser.post(LOGIN, json={"email": cast.user.email, "password": cast.user.password})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["role"] == "user"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()
    assert (await browser.get("/api/v1/tokens")).json() == {"items": [], "next_cursor": None}
    without = await browser.post("/api/v1/tokens", json={"name": "x"})
    assert (without.status_code, without.json()["code"]) == (403, "forbidden")
    token = {"X-CSRF-Token": answer.json()["csrf_token"]}
    made = await browser.post("/api/v1/tokens", json={"name": "x"}, headers=token)
    assert made.status_code == 201
    assert (await browser.post("/api/v1/auth/logout", headers=token)).status_code == 204
    browser.cookies.set("aidecamp_session", cookie.partition("=")[2].partition(";")[0])
    assert (await browser.get("/api/v1/tokens")).status_code == 401


async def test_the_cookie_is_secure_behind_https(client: Door, cast: Cast, application: FastAPI) -> None:
    application.state.settings = application.state.settings.model_copy(
        update={"public_url": "https://aide.example"}
    )
    browser = await client()
    answer = await browser.post(LOGIN, json={"email": cast.user.email, "password": cast.user.password})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "body",
    [
        {"email": "user@example.org", "password": "wrong"},
        {"email": "nobody@example.org", "password": "wrong"},
        {"email": "x", "password": ""},
    ],
)
async def test_every_failed_login_looks_the_same(client: Door, cast: Cast, body: dict[str, str]) -> None:
    answer = await (await client()).post(LOGIN, json=body)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer.json()["detail"] == "This e-mail address and password don't belong together"
    assert "set-cookie" not in answer.headers


async def test_auth_16_rotating_forwarded_addresses_does_not_help(client: Door, cast: Cast) -> None:
    guesser = await client()
    statuses = [
        (
            await guesser.post(
                LOGIN,
                json={"email": f"u{n}@example.org", "password": "x" * 2000},
                headers={"X-Forwarded-For": f"203.0.113.{n}"},
            )
        ).status_code
        for n in range(3)
    ]
    assert statuses == [422, 422, 422], "longer than any password: refused before anything else"
    for n in range(12):
        answer = await guesser.post(
            LOGIN,
            json={"email": cast.user.email, "password": "guess"},
            headers={"X-Forwarded-For": f"203.0.113.{n}"},
        )
    assert answer.status_code == 429
    assert answer.json()["code"] == "rate_limited"
    assert int(answer.headers["retry-after"]) >= 1
    assert PER_ADDRESS > 12


async def test_auth_07_identity_headers_are_ignored(client: Door, cast: Cast) -> None:
    forged = {
        "X-User-Id": str(cast.admin.id),
        "X-Tenant-Id": str(cast.customer),
        "X-Customer-Id": str(cast.customer),
        "X-Forwarded-User": cast.admin.email,
        "Remote-User": cast.admin.email,
        "X-Role": "owner",
    }
    assert (await (await client()).get("/api/v1/users", headers=forged)).status_code == 401
    assert (await (await client(cast.user)).get("/api/v1/users", headers=forged)).status_code == 403


async def test_auth_15_no_other_origin_is_ever_allowed(client: Door, cast: Cast) -> None:
    browser = await client(cast.user, "session")
    for origin in ("null", "https://evil.example", "http://testserver.evil.example"):
        for site in ({"Origin": origin}, {"Origin": origin, "Sec-Fetch-Site": "cross-site"}):
            answer = await browser.post("/api/v1/tokens", json={"name": "x"}, headers=site)
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control")]
    login = {"email": cast.user.email, "password": cast.user.password}
    foreign = await (await client()).post(LOGIN, json=login, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert (await browser.post("/api/v1/tokens", json={"name": "x"}, headers=own)).status_code == 201


async def test_a_bad_bearer_token_never_falls_back_to_the_cookie(client: Door, cast: Cast) -> None:
    browser = await client(cast.user, "session")
    for header in ("Bearer nonsense", "Bearer", "Basic dXNlcjpwYXNz", "' or 1=1", "Bearer adc_" + "a" * 43):
        answer = await browser.get("/api/v1/tokens", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_auth_19_a_lost_database_is_503_and_never_anonymous(
    client: Door, cast: Cast, application: FastAPI
) -> None:
    person = await client(cast.user)
    await application.state.database.close()
    answer = await person.get("/api/v1/tokens")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    login = {"email": cast.user.email, "password": cast.user.password}
    assert (await (await client()).post(LOGIN, json=login)).status_code == 503


async def test_a_token_is_shown_once_listed_without_it_and_revoked_at_once(client: Door, cast: Cast) -> None:
    person = await client(cast.viewer)
    made = (await person.post("/api/v1/tokens", json={"name": "script", "expires_in_days": 1})).json()
    assert made["token"].startswith("adc_")
    listed = (await person.get("/api/v1/tokens")).json()["items"]
    assert [item["name"] for item in listed] == ["script", "test"]
    assert not any("token" in item for item in listed)
    with_it = await client(headers={"Authorization": f"bearer {made['token']}"})
    assert (await with_it.get("/api/v1/tokens")).status_code == 200
    assert (await person.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204
    assert (await with_it.get("/api/v1/tokens")).status_code == 401
    again = await person.delete(f"/api/v1/tokens/{made['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_iso_14_a_foreign_id_and_an_unknown_one_answer_alike(client: Door, cast: Cast) -> None:
    made = (await (await client(cast.user)).post("/api/v1/tokens", json={"name": "mine"})).json()
    for person in (cast.colleague, cast.owner, cast.stranger):
        asking = await client(person)
        foreign = await asking.delete(f"/api/v1/tokens/{made['id']}")
        unknown = await asking.delete(f"/api/v1/tokens/{uuid4()}")
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json() == unknown.json()


async def test_the_token_list_is_read_page_by_page(client: Door, cast: Cast) -> None:
    person = await client(cast.user)
    for n in range(4):
        await person.post("/api/v1/tokens", json={"name": f"t{n}"})
    first = (await person.get("/api/v1/tokens?limit=3")).json()
    second = (await person.get("/api/v1/tokens", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    names = [item["name"] for item in first["items"] + second["items"]]
    assert names == ["t3", "t2", "t1", "t0", "test"]
    assert second["next_cursor"] is None
    for query in ("limit=0", "limit=1000000000", "limit=x", "cursor=%27", "offset=-1", "sort=email"):
        answer = await person.get(f"/api/v1/tokens?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_an_admin_makes_and_changes_users(client: Door, cast: Cast) -> None:
    admin = await client(cast.admin)
    made = await admin.post(
        "/api/v1/users", json={"email": "New@Example.org", "name": "Nina\u202e", "role": "user"}
    )
    assert made.status_code == 201, made.text
    user = made.json()
    assert (user["email"], user["name"], user["is_active"]) == ("new@example.org", "Nina", True)
    login = {"email": user["email"], "password": user["password"]}
    assert (await (await client()).post(LOGIN, json=login)).status_code == 200
    changed = await admin.patch(f"/api/v1/users/{user['id']}", json={"is_active": False})
    assert changed.json()["is_active"] is False
    assert "password" not in changed.json()
    assert (await (await client()).post(LOGIN, json=login)).status_code == 401
    listed = (await admin.get("/api/v1/users")).json()["items"]
    assert {item["email"] for item in listed} >= {cast.user.email, "new@example.org"}
    assert cast.stranger.email not in {item["email"] for item in listed}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "owner2@example.org", "role": "owner"}, 403, "forbidden"),
        ({"email": "user@example.org", "role": "user"}, 409, "conflict"),
        ({"email": "stranger@example.org", "role": "user"}, 409, "conflict"),
        ({"email": "a@b.example\r\nBcc: x@y.example"}, 422, "validation_error"),
        ({"email": "a@b.example", "role": "root"}, 422, "validation_error"),
        ({"email": "a@b.example", "password": "short"}, 422, "validation_error"),
        ({"email": "a@b.example", "customer_id": str(uuid4())}, 422, "validation_error"),
        ({"email": "a@b.example", "id": str(uuid4())}, 422, "validation_error"),
        ({}, 422, "validation_error"),
        ([], 422, "validation_error"),
    ],
)
async def test_auth_09_what_an_admin_may_not_decide(
    client: Door, cast: Cast, body: object, status: int, code: str
) -> None:
    answer = await (await client(cast.admin)).post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_auth_09_a_change_can_not_name_what_the_server_decides(
    client: Door, cast: Cast, database: Database
) -> None:
    admin = await client(cast.admin)
    for field in ("id", "customer_id", "created_at", "password_hash", "tenant_id"):
        answer = await admin.patch(f"/api/v1/users/{cast.user.id}", json={"name": "X", field: "1"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    async with database.customer(cast.admin.actor) as tx:
        assert await tx.value("select name from users where id = %(id)s", id=cast.user.id) == "User"


async def test_the_same_idempotency_key_makes_one_token(client: Door, cast: Cast) -> None:
    person = await client(cast.user)
    key = {"Idempotency-Key": "a-key"}
    first = await person.post("/api/v1/tokens", json={"name": "one"}, headers=key)
    again = await person.post("/api/v1/tokens", json={"name": "one"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await person.post("/api/v1/tokens", json={"name": "two"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_auth_12_a_strange_host_is_refused(client: Door, cast: Cast) -> None:
    for host in ("x/abc?", "x@y", "a b", "x\\y"):
        answer = await (await client(cast.user)).get("/api/v1/users", headers={"Host": host})
        assert answer.status_code == 400
