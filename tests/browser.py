"""A real browser against the real application, for tests marked `browser`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from tests.people import Person

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SIZES = {"desktop": (1440, 900), "tablet": (768, 1024), "phone": (390, 844)}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@dataclass
class Visit:
    """One person's browser window, with everything that must not have happened written down."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.origin + path, wait_until="load")

    async def sign_in(self, person: Person) -> None:
        await self.open("/sign-in")
        await self.page.get_by_label("E-mail").fill(person.email)
        await self.page.get_by_label("Password").fill(person.password)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(lambda url: "/sign-in" not in url)

    async def axe(self) -> list[str]:
        """Violations of WCAG 2.2 AA, each in a line. Axe comes through the debugger, not past the policy."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate("rules => axe.run(document, rules)", RULES)
        return [
            f"{v['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
            for v in found["violations"]
            for node in v["nodes"]
        ]


@asynccontextmanager
async def serving(application: FastAPI) -> AsyncIterator[str]:
    """The application on a loopback port of its own; its state was attached by the fixture."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application, lifespan="off", log_level="error", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(browser: Browser, origin: str, size: str = "desktop", **options: Any) -> AsyncIterator[Visit]:
    width, height = SIZES[size]
    context = await browser.new_context(viewport={"width": width, "height": height}, **options)
    page = await context.new_page()
    seen = Visit(page, origin)
    page.on("console", lambda m: seen.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "request", lambda r: None if r.url.startswith(origin) else seen.complaints.append(f"asked {r.url}")
    )
    try:
        yield seen
    finally:
        await context.close()
