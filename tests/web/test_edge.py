"""What every answer carries, and how refusals, crashes and malformed requests are told."""

from __future__ import annotations

import pytest

from aidecamp.web.security import CONTENT_SECURITY_POLICY
from aidecamp.web.static import shelf
from tests.web.small import application, client


async def test_every_answer_carries_the_security_headers() -> None:
    async with client() as http:
        for path in ("/page", "/api/v1/notes", "/nothing", "/api/v1/crash", "/page/crash"):
            answer = await http.get(path)
            assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in answer.headers


async def test_https_deployments_send_hsts() -> None:
    async with client(application(public_url="https://aidecamp.example")) as http:
        assert "max-age" in (await http.get("/page")).headers["strict-transport-security"]


@pytest.mark.parametrize("path", ["/api/v1/crash", "/page/crash"])
async def test_a_crash_says_nothing_about_its_cause(path: str) -> None:
    async with client() as http:
        answer = await http.get(path)
    assert answer.status_code == 500
    assert "secret-in-message" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_refusals_under_api_are_problems() -> None:
    async with client() as http:
        for path, status, code in (
            ("/api/v1/nothing", 404, "not_found"),
            ("/api/v1/slow", 429, "rate_limited"),
            ("/api/v1/crash", 500, "internal"),
        ):
            answer = await http.get(path)
            assert answer.status_code == status
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert answer.json()["code"] == code
        assert (await http.delete("/api/v1/notes")).json()["code"] == "method_not_allowed"
        assert (await http.get("/api/v1/slow")).headers["retry-after"] == "3"


async def test_refusals_under_v1_have_the_shape_of_openai() -> None:
    async with client() as http:
        answer = await http.get("/v1/models")
    assert answer.json()["error"]["code"] == "rate_limited"
    assert answer.headers["x-should-retry"] == "false"


async def test_pages_get_a_page_and_fragments_a_notice() -> None:
    async with client() as http:
        page = await http.get("/nothing")
        part = await http.get("/nothing", headers={"HX-Request": "true"})
    assert page.status_code == part.status_code == 404
    assert "<h1>" in page.text
    assert "<h1>" not in part.text
    assert part.headers["hx-retarget"] == "#notices"


async def test_validation_names_the_field_and_never_the_value() -> None:
    async with client() as http:
        answer = await http.post(
            "/api/v1/notes", json={"title": "sk-secret" * 9, "weight": "sk-secret", "x": 1}
        )
    assert answer.status_code == 422
    assert "sk-secret" not in answer.text
    assert {"field": "x", "message": "is not a known field here"} in answer.json()["errors"]
    assert {"field": "title", "message": "may have at most 20 characters"} in answer.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"title": NaN}',
        b'{"title": "a", "weight": Infinity}',
        b'"\\ud800"',
        b"",
    ],
)
async def test_broken_json_is_422(body: bytes) -> None:
    async with client() as http:
        answer = await http.post("/api/v1/notes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation_error"


async def test_unknown_and_unfit_list_parameters_are_422() -> None:
    async with client() as http:
        for query in (
            "limit=0",
            "limit=201",
            "limit=x",
            "cursor=!!",
            "cursor=AAAA",
            "offset=-1",
            "sort=email",
        ):
            assert (await http.get(f"/api/v1/notes?{query}")).status_code == 422, query
        assert (await http.get("/api/v1/notes?limit=200")).status_code == 200


async def test_text_is_normalised_before_it_is_stored() -> None:
    async with client() as http:
        sent = b'{"title": " a\\u200b\\n b ", "text": "x\\u0000\\ud800\\u202e\\r\\ny"}'
        answer = await http.post("/api/v1/notes", content=sent, headers={"content-type": "application/json"})
    assert answer.json() == {"title": "a b", "text": "x��\ny", "weight": 0}


class TestBodies:
    async def test_a_form_that_cannot_be_taken_apart_is_422(self) -> None:
        kind = {"content-type": "multipart/form-data; boundary=x"}
        async with client() as http:
            answer = await http.post("/api/v1/imports", content=b"abc", headers=kind)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")

    async def test_one_over_a_mebibyte_is_413(self) -> None:
        async with client() as http:
            answer = await http.post("/api/v1/notes", json={"title": "a", "text": "x" * 1_100_000})
        assert answer.status_code == 413
        assert answer.json()["code"] == "payload_too_large"

    async def test_also_without_an_announced_length(self) -> None:
        async def chunks():  # type: ignore[no-untyped-def]
            for _ in range(200):
                yield b" " * 10_000

        async with client() as http:
            answer = await http.post(
                "/api/v1/notes", content=chunks(), headers={"content-type": "application/json"}
            )
        assert answer.status_code == 413

    async def test_a_path_with_its_own_limit_takes_more(self) -> None:
        async with client() as http:
            big = await http.post("/api/v1/imports", files={"file": b"x" * 2_000_000})
            too_big = await http.post("/api/v1/imports", files={"file": b"x" * 4_000_000})
        assert big.status_code == 200
        assert too_big.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        [("host", "a/b?c")],
        [("host", "a b")],
        [("content-length", "1"), ("content-length", "2")],
        [("content-length", "-1")],
        [("content-length", "1"), ("transfer-encoding", "chunked")],
        [("authorization", "a"), ("authorization", "b")],
    ],
)
async def test_malformed_heads_are_400(headers: list[tuple[str, str]]) -> None:
    seen: dict[str, int] = {}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/notes",
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers],
        "scheme": "http",
        "server": ("x", 80),
    }

    async def send(message):  # type: ignore[no-untyped-def]
        if message["type"] == "http.response.start":
            seen["status"] = message["status"]

    async def receive():  # type: ignore[no-untyped-def]
        return {"type": "http.request", "body": b"", "more_body": False}

    await application()(scope, receive, send)
    assert seen["status"] == 400


async def test_markup_in_texts_is_escaped_on_pages() -> None:
    async with client() as http:
        page = await http.get("/page")
    assert "<b>bold</b>" not in page.text
    assert "&lt;b&gt;bold" in page.text


async def test_openapi_knows_problems_only() -> None:
    async with client() as http:
        text = (await http.get("/openapi.json")).text
    assert "HTTPValidationError" not in text
    assert "application/problem+json" in text


class TestStaticFiles:
    async def test_are_cached_for_ever_under_their_digest(self) -> None:
        async with client() as http:
            page = await http.get("/page")
            address = page.text.split('href="', 2)[1].split('"')[0]
            answer = await http.get(address)
            old = await http.get(address.replace(address.split("/")[2], "older"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert old.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("name", ["%2e%2e/render.py", "css/", "/etc/passwd", "nothing.css"])
    async def test_nothing_else_is_served(self, name: str) -> None:
        async with client() as http:
            assert (await http.get(f"/static/x/{name}")).status_code == 404


async def test_events_are_json_on_one_line_xss_14() -> None:
    async with client() as http:
        answer = await http.get("/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.split("\n\n")[0] == 'id: 1\nevent: delta\ndata: {"text":"a\\n\\nevent: end\\r"}'
    assert answer.text.count("event: end\n") == 1


async def test_a_page_with_all_its_parts_stays_under_its_budget() -> None:
    """150 KB over the wire without the font: document, sheets, scripts and icons."""
    async with client() as http:
        page = await http.get("/page")
        parts = [file for name, file in shelf().files.items() if name.endswith((".css", ".js", ".svg"))]
    assert len(page.content) + sum(len(file.packed or file.body) for file in parts) < 150_000
