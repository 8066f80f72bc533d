"""Every page in a real browser: accessible, inside its width, without a complaint or a foreign request."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from aidecamp.rail import RAIL
from tests.browser import Visit, chromium, serving, visit
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MORE = ("/account", "/nothing-here", "/providers/new")


@pytest.fixture
async def origin(application: FastAPI) -> AsyncIterator[str]:
    async with serving(application) as origin:
        yield origin


def pages(application: FastAPI) -> list[str]:
    places: frozenset[str] = application.state.places
    return [p.entry.href for p in RAIL if p.entry.href in places] + [
        path for path in MORE if path in places or path == "/nothing-here"
    ]


@pytest.mark.parametrize("size", ["desktop", "tablet", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible_and_keep_to_themselves(
    application: FastAPI, origin: str, cast: Cast, size: str, scheme: str
) -> None:
    async with chromium() as browser, visit(browser, origin, size, color_scheme=scheme) as seen:
        await seen.open("/sign-in")
        found = [f"/sign-in {line}" for line in await seen.axe()]
        await seen.sign_in(cast.owner)
        for path in pages(application):
            await seen.open(path)
            found += [f"{path} {line}" for line in await seen.axe()]
            found += [f"{path} is too wide"] if await _overflows(seen) else []
        complaints = [c for c in seen.complaints if "404" not in c]
    assert not found
    assert not complaints


async def test_the_keyboard_reaches_the_page_first(origin: str, cast: Cast) -> None:
    async with chromium() as browser, visit(browser, origin) as seen:
        await seen.sign_in(cast.owner)
        await seen.open("/account")
        await seen.page.keyboard.press("Tab")
        skip = await seen.page.evaluate("document.activeElement.textContent")
        await seen.page.keyboard.press("Enter")
        place = await seen.page.evaluate("document.activeElement.id")
    assert skip == "Skip to the page"
    assert place == "content"


async def test_the_switch_keeps_its_choice_over_pages(origin: str, cast: Cast) -> None:
    async with chromium() as browser, visit(browser, origin, color_scheme="light") as seen:
        await seen.sign_in(cast.owner)
        await seen.open("/account")
        await seen.page.get_by_role("button", name="Switch between light and dark").click()
        await seen.open("/team")
        theme = await seen.page.get_attribute("html", "data-theme")
        ground = await seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert theme == "dark"
    assert ground == "rgb(16, 16, 18)"


async def test_what_was_typed_survives_a_session_that_ended(origin: str, cast: Cast) -> None:
    async with chromium() as browser, visit(browser, origin) as seen:
        await seen.sign_in(cast.owner)
        await seen.open("/campaigns/new")
        await seen.page.get_by_label("Name").fill("Spring, half typed")
        await seen.page.get_by_label("Channel").select_option("sms")
        await seen.page.context.clear_cookies()
        await seen.page.get_by_role("button", name="Make the draft").click()
        await seen.page.wait_for_url("**/sign-in?next=/campaigns/new")
        await seen.page.get_by_label("E-mail").fill(cast.owner.email)
        await seen.page.get_by_label("Password").fill(cast.owner.password)
        await seen.page.get_by_role("button", name="Sign in").click()
        await seen.page.wait_for_url("**/campaigns/new")
        name = await seen.page.get_by_label("Name").input_value()
        channel = await seen.page.get_by_label("Channel").input_value()
        await seen.open("/campaigns/new")
        again = await seen.page.get_by_label("Name").input_value()
    assert (name, channel, again) == ("Spring, half typed", "sms", "")


async def _overflows(seen: Visit) -> bool:
    wide: bool = await seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide
