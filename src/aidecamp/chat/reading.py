"""One call to the provider, read into an answer: to its end, its failure, or until the turn is cut."""

from __future__ import annotations

import asyncio

from aidecamp.chat.answer import Answer
from aidecamp.chat.refusals import CutOff
from aidecamp.chat.running import Running
from aidecamp.errors import Refusal
from aidecamp.providers.call import Call, Models
from aidecamp.providers.messages import Prompt


async def read(models: Models, turn: Running, prompt: Prompt, answer: Answer) -> None:
    """What ended the call early is left in `turn.failure`; only a fault of ours is raised."""
    assert turn.reservation is not None
    turn.call = models.open(turn.material.provider, prompt, turn.reservation)
    turn.reading = asyncio.create_task(_pump(turn.call, answer))
    if turn.is_cut:
        turn.reading.cancel()
    await asyncio.wait({turn.reading})
    if turn.reading.cancelled():
        turn.failure = turn.failure or turn.cut
    elif isinstance(error := turn.reading.exception(), Refusal):
        turn.failure = error
    elif error is not None:
        raise error
    elif answer.finished is None:
        turn.failure = CutOff()


async def _pump(call: Call, answer: Answer) -> None:
    try:
        async for event in call:
            answer.take(event)
    finally:
        await call.close()
