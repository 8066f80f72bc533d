"""The word to end, heard before the server stops taking it: running answers get a moment, then are cut."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from aidecamp.chat.turn import Turns

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def heard(turns: Turns) -> Iterator[None]:
    """The server's handler waits for open streams, which wait for their answers: both are told at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(turns.begin_drain)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)

    for number in SIGNALS:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
