"""The assistant in a real browser: ask, watch it come, stop, reload, ask again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.async_api import expect

from tests.browser import Visit, chromium, serving, visit
from tests.chat.test_turn import SMS, hanging
from tests.doubles import ScriptedProvider, openai_stream, refusal
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("AIDECAMP_SHOTS")
ANSWER = [
    "E-mail open rates rose by **15 %** this week.\n\n",
    "- SMS engagement is highest on Tuesdays\n",
    "- Social reach is flat\n\n",
    "| channel | open rate |\n| --- | --: |\n| email | 41 % |\n| sms | 88 % |\n\n",
    "Shall I draft an SMS? ![pixel](https://evil.example/p.png) <script>alert(1)</script>",
]


@pytest.fixture(params=["desktop", "phone"])
async def window(
    request: pytest.FixtureRequest, application: FastAPI, reachable: None, cast: Cast
) -> AsyncIterator[Visit]:
    async with (
        serving(application) as origin,
        chromium() as browser,
        visit(browser, origin, request.param) as seen,
    ):
        await seen.sign_in(cast.user)
        yield seen


async def shot(window: Visit, name: str) -> None:
    if SHOTS:
        width = window.page.viewport_size["width"] if window.page.viewport_size else 0
        await window.page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")


async def test_ask_watch_stop_reload_and_ask_again(window: Visit, provider: ScriptedProvider) -> None:
    page = window.page
    provider.say(openai_stream(ANSWER, gap=0.3, tools=[("suggest_sms_content", SMS)], usage=(640, 210)))
    await window.open("/assistant")
    await shot(window, "start")
    await page.get_by_label("Your message").fill("How did we do? Draft an SMS.")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/assistant/*-*")
    await expect(page.locator(".answer-text strong")).to_have_text("15 %")
    await shot(window, "streaming")
    await page.reload()
    await expect(page.get_by_text("Flash sale").first).to_be_visible(timeout=15_000)
    await expect(page.get_by_role("button", name="Apply to campaign")).to_be_visible()
    await expect(page.locator(".answer-meta")).to_contain_text("850 tokens")
    await expect(page.locator("#quota")).to_contain_text("850")
    await shot(window, "answered")
    provider.say(hanging("So far, so good"))
    await page.get_by_label("Your message").fill("And then?")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("So far, so good")).to_be_visible()
    await expect(page.get_by_label("Your message")).to_have_value("")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("You stopped this answer.")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    provider.say(refusal(429, "Rate limit reached", "rate_limit_exceeded"))
    await page.get_by_label("Your message").fill("Once more")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The provider limits how often")).to_be_visible(timeout=15_000)
    await shot(window, "failed")
    await page.get_by_role("button", name="Ask again").last.click()
    await expect(page.get_by_text("Hello from the script.")).to_be_visible()
    assert window.complaints == []
    assert await window.axe() == []


async def test_an_empty_or_refused_question_keeps_its_words(
    window: Visit, provider: ScriptedProvider
) -> None:
    page = window.page
    await window.open("/assistant?context=content&draft=Write%20an%20e-mail")
    await expect(page.get_by_label("Your message")).to_have_value("Write an e-mail")
    assert not provider.posts
    await page.get_by_label("Your message").fill("   ")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The question is empty")).to_be_visible()
