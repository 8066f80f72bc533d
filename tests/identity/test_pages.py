"""The pages of identity, used as plain forms without any script."""

from __future__ import annotations

import re

import pytest

from aidecamp.identity.guards import SESSION_COOKIE, local_path
from tests.door import Door
from tests.people import Cast


@pytest.mark.parametrize(
    "text",
    ["//e.example", "https://e.example", "/\\e.example", "\\\\e", "/\t/e.example", "javascript:x", "", "x"],
)
def test_only_our_own_paths_are_gone_on_to(text: str) -> None:
    assert local_path(text) == "/"


def test_a_path_of_ours_is_kept_with_its_query() -> None:
    assert local_path("/usage?period=day&x=%2F%2Fy") == "/usage?period=day&x=%2F%2Fy"


async def test_a_page_sends_strangers_to_sign_in_and_back(client: Door, cast: Cast) -> None:
    browser = await client()
    sent = await browser.get("/account?x=1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/account%3Fx%3D1")
    page = await browser.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'name="next" value="/account?x=1"' in page.text
    form = {"email": cast.user.email, "password": cast.user.password, "next": "/account?x=1"}
    entered = await browser.post("/sign-in", data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account?x=1")
    assert "User" in (await browser.get("/account")).text
    assert (await browser.get("/sign-in")).headers["location"] == "/"


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://{}/campaigns/new", "/sign-in?next=/campaigns/new"),
        ("http://evil.example/campaigns/new", "/sign-in"),
        ("http://{}//evil.example", "/sign-in"),
        ("http://[", "/sign-in"),
        ("", "/sign-in"),
    ],
)
async def test_a_form_sent_too_late_leads_back_to_its_own_page(client: Door, page: str, back: str) -> None:
    browser = await client()
    host = browser.base_url.netloc
    host = host.decode() if isinstance(host, bytes) else host
    sent = await browser.post("/campaigns", data={"name": "x"}, headers={"Referer": page.format(host)})
    assert (sent.status_code, sent.headers["location"]) == (303, back)


async def test_a_wrong_password_keeps_the_address_and_says_so(client: Door, cast: Cast) -> None:
    browser = await client()
    answer = await browser.post("/sign-in", data={"email": '"><b>@x', "password": "secret guess"})
    assert answer.status_code == 401
    assert "belong together" in answer.text
    assert "secret guess" not in answer.text
    assert "<b>@x" not in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


async def test_signing_in_from_another_site_is_refused(client: Door, cast: Cast) -> None:
    form = {"email": cast.user.email, "password": cast.user.password}
    answer = await (await client()).post("/sign-in", data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_forms_need_the_token_of_the_session(client: Door, cast: Cast) -> None:
    browser = await client(cast.user, "session")
    del browser.headers["X-CSRF-Token"]
    page = (await browser.get("/account")).text
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token
    without = await browser.post("/account/tokens", data={"name": "x"})
    assert without.status_code == 403
    made = await browser.post("/account/tokens", data={"name": "laptop", "csrf_token": token[1]})
    assert made.status_code == 200
    assert re.search(r'value="adc_[\w-]{43}"', made.text)
    assert "adc_" not in (await browser.get("/account")).text
    assert (await browser.post("/sign-out", data={"csrf_token": token[1]})).headers["location"] == "/sign-in"
    assert (await browser.get("/account")).status_code == 303


async def test_the_own_password_is_changed_on_the_account_page(client: Door, cast: Cast) -> None:
    browser = await client(cast.user, "session")
    elsewhere = await client(cast.user, "session")
    wrong = await browser.post("/account/password", data={"current": "no", "new": "a new password"})
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    right = {"current": cast.user.password, "new": "a new password"}
    assert "is changed" in (await browser.post("/account/password", data=right)).text
    assert (await browser.get("/account")).status_code == 200
    assert (await elsewhere.get("/account")).status_code == 303


async def test_the_team_page_is_for_admins(client: Door, cast: Cast) -> None:
    assert (await (await client(cast.manager, "session")).get("/team")).status_code == 403
    admin = await client(cast.admin, "session")
    page = (await admin.get("/team")).text
    assert cast.user.email in page
    assert cast.stranger.email not in page
    assert 'value="owner"' not in page


async def test_a_new_user_gets_a_password_that_is_shown_once(client: Door, cast: Cast) -> None:
    admin = await client(cast.admin, "session")
    form = {"name": "Nina", "email": "nina@example.org", "role": "manager"}
    made = await admin.post("/team/users", data=form)
    password = re.search(r'value="([\w-]+)" readonly', made.text)
    assert password
    entered = await (await client()).post(
        "/sign-in", data={"email": "nina@example.org", "password": password[1]}
    )
    assert entered.status_code == 303
    again = await admin.post("/team/users", data=form)
    assert again.status_code == 409
    assert "already in use" in again.text
    assert password[1] not in (await admin.get("/team")).text


async def test_a_user_is_changed_suspended_and_given_a_new_password(client: Door, cast: Cast) -> None:
    admin = await client(cast.admin, "session")
    at = f"/team/users/{cast.user.id}"
    assert cast.user.email in (await admin.get(at)).text
    form = {"name": "Uma", "email": cast.user.email, "role": "support", "is_active": "false"}
    assert (await admin.post(at, data=form)).headers["location"] == "/team"
    page = (await admin.get(at)).text
    assert "Uma" in page
    assert re.search(r'value="support" selected', page)
    assert "shown only this once" in (await admin.post(f"{at}/password")).text
    owner = await admin.get(f"/team/users/{cast.owner.id}")
    assert "Only an owner may change an owner" in owner.text
    refused = await admin.post(f"/team/users/{cast.owner.id}", data=form | {"email": cast.owner.email})
    assert refused.status_code == 403


async def test_a_page_of_a_foreign_user_is_not_there(client: Door, cast: Cast) -> None:
    for person in (cast.stranger,):
        browser = await client(person, "session")
        at = f"/team/users/{cast.user.id}"
        assert (await browser.get(at)).status_code == 404
        assert (await browser.post(at, data={"email": "x@y.example"})).status_code == 404
        assert (await browser.post(f"{at}/password")).status_code == 404
