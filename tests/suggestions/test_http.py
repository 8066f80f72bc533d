"""The routes and pages: shapes, refusals, and that nothing a model wrote becomes markup."""

from __future__ import annotations

from typing import Any

import pytest

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.suggestions.models import Suggestion
from aidecamp.workspace.adapter import WorkspaceHost
from tests.people import Cast
from tests.suggestions.conftest import Browse
from tests.suggestions.examples import EXAMPLES
from tests.suggestions.test_review import EMAIL, PLAN, SMS, propose

API = "/api/v1/suggestions"
KEYS = {
    "id", "conversation_id", "message_id", "user_id", "suggestion_type", "title", "content", "reasoning",
    "confidence", "status", "checks", "applied_to_id", "applied_to_kind", "created_at", "updated_at",
}  # fmt: skip

DEEDS = (
    ("GET", "", None),
    ("PATCH", "", {"title": "x"}),
    ("POST", "/apply", {}),
    ("POST", "/undo", None),
    ("POST", "/accept", None),
    ("POST", "/reject", None),
)


async def made(database: Database, actor: Actor, example: dict[str, Any] = SMS) -> Suggestion:
    return await propose(database, actor, WorkspaceHost(), example)


async def test_the_contract_from_list_to_undo(database: Database, cast: Cast, browse: Browse) -> None:
    stored = await made(database, cast.user.actor, EMAIL | {"confidence": 0.85})
    user = await browse(cast.user)
    listed = (await user.get(API, params={"status": "pending", "suggestion_type": "email_content"})).json()
    assert listed["next_cursor"] is None
    (item,) = listed["items"]
    assert set(item) == KEYS
    assert (item["id"], item["confidence"]) == (str(stored.id), 0.85)
    assert {"level", "code", "field", "message"} <= set(item["checks"][0])

    changed = await user.patch(
        f"{API}/{stored.id}", json={"title": "Better", "content": {"subject": "Hello"}}
    )
    assert (changed.status_code, changed.json()["title"]) == (200, "Better")
    assert (await user.post(f"{API}/{stored.id}/accept")).json()["status"] == "accepted"

    applied = (await user.post(f"{API}/{stored.id}/apply", json={})).json()
    assert applied["suggestion"]["status"] == "applied"
    target = applied["target"]
    assert target == {"kind": "campaign", "id": applied["suggestion"]["applied_to_id"], "url": target["url"]}
    assert (await user.post(f"{API}/{stored.id}/apply")).json()["target"] == target
    assert (await user.post(f"{API}/{stored.id}/undo")).json()["status"] == "accepted"


async def test_refusals_are_problems(database: Database, cast: Cast, browse: Browse) -> None:
    bad = SMS | {"content": {"message": "Hi {{nope}} STOP"}}
    stored = await made(database, cast.user.actor, bad)
    user, stranger, viewer = await browse(cast.user), await browse(cast.stranger), await browse(cast.viewer)
    refused = await user.post(f"{API}/{stored.id}/apply")
    assert (refused.status_code, refused.json()["code"]) == (409, "checks_failed")
    assert refused.json()["errors"][0]["code"] == "unknown_tag"
    for body in (
        {"colour": 1},
        {"content": {"colour": "x"}},
        {"status": "applied"},
        {"content": {"message": 7}},
    ):
        answer = await user.patch(f"{API}/{stored.id}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert (await user.post(f"{API}/{stored.id}/apply", json={"user_id": "x"})).status_code == 422
    assert (await user.get(API, params={"statu": "x"})).status_code == 422
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert (await user.patch(f"{API}/{stored.id}", json={"content": {"message": deep}})).status_code == 422
    junk = {"status": "nonsense", "suggestion_type": "a\0b", "conversation_id": "x", "cursor": "x"}
    for query in ({name: value} for name, value in junk.items()):
        assert (await user.get(API, params=query)).status_code == 422
    assert (await user.get(f"{API}/not-an-id")).status_code == 422
    for other in (stranger, viewer, await browse(cast.colleague), await browse(cast.owner)):
        for method, path, body in DEEDS:
            mine = await other.request(method, f"{API}/{stored.id}{path}", json=body)
            none = await other.request(method, f"{API}/{new_id()}{path}", json=body)
            assert (mine.status_code, mine.json()["detail"]) == (404, none.json()["detail"])
    assert (await stranger.get(API)).json()["items"] == []


async def test_lists_page_through_everything_once(database: Database, cast: Cast, browse: Browse) -> None:
    stored = [await made(database, cast.user.actor) for _ in range(5)]
    user, seen, cursor = await browse(cast.user), [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await user.get(API, params=params)).json()
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == [str(each.id) for each in reversed(stored)]


async def test_the_inbox_opens_on_what_its_reader_can_do(cast: Cast, browse: Browse) -> None:
    mine = (await (await browse(cast.user)).get("/suggestions")).text
    assert 'status=pending" aria-current="page"' in mine
    assert "No suggestions yet" in mine
    looking = (await (await browse(cast.viewer)).get("/suggestions")).text
    assert 'status=applied" aria-current="page"' in looking


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
async def test_every_kind_has_its_pages(
    database: Database, cast: Cast, browse: Browse, example: dict[str, Any]
) -> None:
    stored = await made(database, cast.user.actor, example)
    user = await browse(cast.user)
    inbox = await user.get("/suggestions")
    assert (inbox.status_code, example["title"] in inbox.text) == (200, True)
    page = await user.get(f"/suggestions/{stored.id}")
    assert page.status_code == 200
    assert example["reasoning"][:20].replace("'", "&#39;") in page.text
    assert "style=" not in page.text
    card = await user.post(
        f"/suggestions/{stored.id}/apply", data={"view": "card"}, headers={"HX-Request": "true"}
    )
    assert card.status_code == 200
    assert "It became a" in card.text
    assert "<html" not in card.text
    viewer = await browse(cast.viewer)
    seen = (await viewer.get(f"/suggestions/{stored.id}")).text
    assert "Undo</button>" not in seen
    assert (await viewer.get("/suggestions")).status_code == 200
    row = await user.post(
        f"/suggestions/{stored.id}/undo", data={"view": "row"}, headers={"HX-Request": "true"}
    )
    assert "Accepted" in row.text
    plain = await user.post(f"/suggestions/{stored.id}/reject", data={})
    assert (plain.status_code, plain.headers["location"]) == (303, f"/suggestions/{stored.id}")
    for address in (
        "/suggestions?status=rejected",
        "/suggestions?everything=true",
        "/suggestions?status=applied",
    ):
        assert (await user.get(address)).status_code == 200


EVIL = "\"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'`"


async def test_xss_15_what_a_model_wrote_is_text(database: Database, cast: Cast, browse: Browse) -> None:
    evil = [
        EMAIL
        | {
            "content": dict.fromkeys(
                ("subject", "preheader", "body", "cta_text", "cta_url", "audience"), EVIL
            )
        },
        SMS | {"content": {"message": EVIL, "audience": EVIL, "send_time": EVIL}},
        {"type": "social_post", "content": {"text": EVIL, "hashtags": [EVIL], "platform": "x"}},
        PLAN
        | {
            "content": {
                "steps": [dict.fromkeys(("action", "timeline", "rationale"), EVIL) | {"channel": "<b>x"}]
            }
        },
    ]
    user = await browse(cast.user)
    for example in evil:
        stored = await made(database, cast.user.actor, example | {"title": EVIL, "reasoning": EVIL})
        pages = [await user.get(f"/suggestions/{stored.id}"), await user.get("/suggestions")]
        pages.append(
            await user.post(
                f"/suggestions/{stored.id}/accept", data={"view": "card"}, headers={"HX-Request": "true"}
            )
        )
        for page in pages:
            assert page.status_code == 200
            assert "<img src=x" not in page.text
            assert "<script>alert" not in page.text
            assert "<b>x" not in page.text


async def test_a_person_edits_mends_and_chooses_a_target(
    database: Database, cast: Cast, browse: Browse
) -> None:
    user = await browse(cast.user)
    first = await made(database, cast.user.actor)
    draft = (await user.post(f"{API}/{first.id}/apply")).json()["target"]["id"]
    second = await made(database, cast.user.actor, SMS | {"title": "Second"})
    page = (await user.get(f"/suggestions/{second.id}")).text
    assert f'value="{draft}"' in page

    saved = await user.post(
        f"/suggestions/{second.id}/edit",
        data={"title": "Third", "message": "Hi {{firstname}}", "audience": "", "send_time": "Tuesday 14:00"},
    )
    assert saved.status_code == 303
    content = (await user.get(f"{API}/{second.id}")).json()["content"]
    assert content == {"message": "Hi {{firstname}}", "send_time": "Tuesday 14:00"}
    mended = await user.post(
        f"/suggestions/{second.id}/mend", data={"code": "unknown_tag", "field": "message"}
    )
    assert mended.status_code == 303
    assert "{{first_name}}" in (await user.get(f"{API}/{second.id}")).json()["content"]["message"]
    lost = await user.post(f"/suggestions/{second.id}/edit", data={"title": "", "message": "typed text"})
    assert (lost.status_code, "typed text" in lost.text) == (422, True)
    await user.post(f"/suggestions/{second.id}/apply", data={"campaign_id": draft})
    assert (await user.get(f"{API}/{second.id}")).json()["applied_to_id"] == draft


async def test_steps_are_edited_row_by_row(database: Database, cast: Cast, browse: Browse) -> None:
    stored = await made(database, cast.user.actor, PLAN)
    user = await browse(cast.user)
    row = {"action": "Call", "timeline": "Week 9", "channel": "email", "rationale": ""}
    data = {"title": "P"} | {f"steps-0-{name}": value for name, value in row.items()}
    data |= {f"steps-1-{name}": "" for name in row}
    assert (await user.post(f"/suggestions/{stored.id}/edit", data=data)).status_code == 303
    assert (await user.get(f"{API}/{stored.id}")).json()["content"] == {"steps": [row]}
