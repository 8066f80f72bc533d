"""Whether a server could listen where it is told to: asked before anything is touched."""

from __future__ import annotations

import asyncio
import os


class CannotListen(OSError):
    """One sentence for the operator."""


async def require(host: str, port: int) -> None:
    """Raise `CannotListen` where the address is taken, forbidden or not this machine's."""
    try:
        server = await asyncio.start_server(_turn_away, host, port)
    except OSError as error:
        # Name look-up has numbers of its own, which the system's list does not know.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise CannotListen(
            f"Can't listen on {host}:{port} ({reason}): choose another --port or --host."
        ) from error
    server.close()
    await server.wait_closed()


async def _turn_away(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
