"""The inbox and the page of one suggestion in a real browser: keys, cards, hostile text, looks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from aidecamp.db.pool import Database
from tests.browser import Visit, chromium, serving, visit
from tests.people import Cast
from tests.suggestions.examples import EXAMPLES
from tests.suggestions.test_http import EVIL, made
from tests.suggestions.test_review import EMAIL, PLAN, SMS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("AIDECAMP_SCREENSHOTS")

BAD = SMS | {
    "title": "Win back sleeping customers before the season ends",
    "content": {
        "message": "Hi {{firstname}}, we miss you… 20 % off at https://invented.io/back until Sunday",
        "audience": "Sleeping since March",
        "send_time": "Tuesday 14:00",
    },
}


async def look(seen: Visit, name: str) -> None:
    if SHOTS:
        await seen.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def arrive(seen: Visit, cast: Cast) -> None:
    """What the page after signing in complains of is that page's own test."""
    await seen.sign_in(cast.user)
    seen.complaints.clear()


async def test_triage_by_keyboard_alone(database: Database, cast: Cast, application: FastAPI) -> None:
    for example in (*EXAMPLES, BAD):
        await made(database, cast.user.actor, example)
    async with serving(application) as origin, chromium() as browser, visit(browser, origin) as seen:
        await arrive(seen, cast)
        await seen.open("/suggestions")
        rows = seen.page.locator("[data-triage]")
        assert await rows.count() == 5
        assert await seen.axe() == []
        await look(seen, "inbox")
        await seen.page.keyboard.press("j")
        await seen.page.keyboard.press("r")
        await seen.page.locator("[data-triage].rejected").wait_for()
        await seen.page.keyboard.press("a")
        await seen.page.locator("[data-triage].accepted").wait_for()
        await look(seen, "inbox-triaged")
        await seen.page.keyboard.press("k")
        await seen.page.keyboard.press("p")
        await seen.page.locator("[data-triage].applied").wait_for()
        await seen.page.keyboard.press("k")
        await seen.page.keyboard.press("Enter")
        await seen.page.wait_for_url("**/suggestions/*")
        assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_every_kind_is_shown_well(
    database: Database, cast: Cast, application: FastAPI, size: str, scheme: Any
) -> None:
    shown = [(example, (await made(database, cast.user.actor, example)).id) for example in (*EXAMPLES, BAD)]
    async with (
        serving(application) as origin,
        chromium() as browser,
        visit(browser, origin, size, color_scheme=scheme) as seen,
    ):
        await arrive(seen, cast)
        await seen.open("/suggestions")
        await look(seen, f"inbox-{size}-{scheme}")
        for number, (_, suggestion_id) in enumerate(shown):
            await seen.open(f"/suggestions/{suggestion_id}")
            assert await seen.axe() == []
            wide = await seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0
            await look(seen, f"one-{number}-{size}-{scheme}")
        assert seen.complaints == []


async def test_xss_15_hostile_text_does_nothing_in_a_browser(
    database: Database, cast: Cast, application: FastAPI
) -> None:
    email = dict.fromkeys(("subject", "preheader", "body", "cta_text", "cta_url", "audience"), EVIL)
    step = dict.fromkeys(("action", "timeline", "rationale"), EVIL) | {"channel": "<img src=x>"}
    hostile = [
        EMAIL | {"content": email},
        SMS | {"content": {"message": EVIL}},
        PLAN | {"content": {"steps": [step]}},
    ]
    async with serving(application) as origin, chromium() as browser, visit(browser, origin) as seen:
        await arrive(seen, cast)
        for example in hostile:
            stored = await made(database, cast.user.actor, example | {"title": EVIL, "reasoning": EVIL})
            for path in ("/suggestions", f"/suggestions/{stored.id}"):
                await seen.open(path)
                assert (
                    await seen.page.evaluate(
                        "document.querySelectorAll('main img, main script:not([src])').length"
                    )
                    == 0
                )
        assert seen.complaints == []
