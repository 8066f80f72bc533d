"""Hostile model text in a real browser: nothing runs, nothing is fetched, at every prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from aidecamp.settings import Settings
from aidecamp.web import frame, render
from aidecamp.web.markdown import markdown
from tests.browser import chromium, serving, visit
from tests.web.payloads import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
POISON = "<img src=x onerror=alert(1)><script>alert(2)</script><base href=https://evil.example>"


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    app = FastAPI()
    app.state.settings = Settings()

    @app.get("/every-prefix")
    async def every_prefix(request: Request) -> HTMLResponse:
        page = render.page(request, "web/problem.html", None, problem=_Told(POISON), request_id=POISON)
        shown = "".join(f"<div>{markdown(p[:n])}</div>" for p in PAYLOADS for n in range(1, len(p) + 1))
        return HTMLResponse(bytes(page.body).decode().replace("</main>", f"{shown}</main>"))

    @app.get("/inline")
    async def inline() -> HTMLResponse:
        """A page as if the sanitiser had failed: the policy is the second wall."""
        return HTMLResponse(
            "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
            "<style>body{color:red}</style><form action=https://evil.example><button>go</button></form>"
            "<iframe src=https://evil.example></iframe><link rel=stylesheet href=https://evil.example/a.css>"
        )

    frame.install(app, app.state.settings)
    async with serving(app) as origin:
        yield origin


async def test_hostile_text_neither_runs_nor_fetches(origin: str) -> None:
    async with chromium() as browser, visit(browser, origin) as seen:
        seen.page.on("dialog", lambda dialog: seen.complaints.append("a dialog opened"))
        await seen.open("/every-prefix")
        await seen.page.wait_for_timeout(500)
        links = await seen.page.eval_on_selector_all(
            "main a[href]", "all => all.map(a => a.protocol + a.rel)"
        )
        base = await seen.page.evaluate("document.baseURI")
    assert not seen.complaints
    assert base.startswith(origin)
    foreign = {link for link in links if not link.startswith("http:")}
    assert foreign <= {"https:noopener noreferrer nofollow", "mailto:noopener noreferrer nofollow"}


async def test_the_policy_stops_what_a_sanitiser_would_have_missed(origin: str) -> None:
    async with chromium() as browser, visit(browser, origin) as seen:
        await seen.open("/inline")
        await seen.page.evaluate("document.forms[0].requestSubmit()")
        await seen.page.wait_for_timeout(300)
        title, colour = (
            await seen.page.title(),
            await seen.page.evaluate("getComputedStyle(document.body).color"),
        )
        address = seen.page.url
    assert title != "ran"
    assert colour == "rgb(0, 0, 0)"
    assert address.startswith(origin)


class _Told:
    errors = ()

    def __init__(self, text: str) -> None:
        self.status, self.title, self.detail, self.help = 404, text, text + ".", text
