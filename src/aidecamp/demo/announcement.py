"""What the terminal says once the demo answers: the address, and who can sign in."""

from __future__ import annotations

import asyncio
import webbrowser
from dataclasses import asdict
from typing import TYPE_CHECKING

import uvicorn
from rich.console import Console
from rich.table import Table

from aidecamp.demo.seed import Seeded
from aidecamp.terminal import tell

if TYPE_CHECKING:
    from socket import socket


class Announcing(uvicorn.Server):
    """A server that speaks up once it really listens."""

    def __init__(
        self, config: uvicorn.Config, address: str, seeded: Seeded, *, as_json: bool, browser: bool
    ) -> None:
        super().__init__(config)
        self._welcome = (address, seeded, as_json, browser)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        await announce(*self._welcome)


async def announce(address: str, seeded: Seeded, as_json: bool, browser: bool) -> None:
    if as_json:
        sign_ins = [asdict(sign_in) | {"password": seeded.password} for sign_in in seeded.sign_ins]
        tell("", {"url": address, "sign_ins": sign_ins}, as_json=True)
    else:
        show(address, seeded)
    if browser:
        await asyncio.to_thread(webbrowser.open, address)


def show(address: str, seeded: Seeded) -> None:
    console = Console()
    table = Table(title="Sign in as", title_justify="left", box=None, pad_edge=False)
    for heading in ("e-mail", "role", "customer"):
        table.add_column(heading)
    for sign_in in seeded.sign_ins:
        table.add_row(sign_in.email, sign_in.role, sign_in.customer)
    console.print(f"\nAidecamp answers on [bold]{address}[/bold]\n")
    console.print(table)
    console.print(f"\nPassword of each: [bold]{seeded.password}[/bold]", highlight=False)
    console.print("Ctrl-C stops everything; the data stays.\n")
