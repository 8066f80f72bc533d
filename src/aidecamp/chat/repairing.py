"""One further call that gives malformed suggestions back to the model; what still fails is shown as text."""

from __future__ import annotations

from collections.abc import Sequence

from aidecamp.chat import prompt as prompts
from aidecamp.chat.answer import Answer
from aidecamp.chat.closing import Desk
from aidecamp.chat.reading import read
from aidecamp.chat.running import Running
from aidecamp.chat.store import messages
from aidecamp.errors import Refusal
from aidecamp.metering.reservation import Estimate, Reservation
from aidecamp.providers.call import Models
from aidecamp.providers.messages import Prompt
from aidecamp.suggestions import offer
from aidecamp.suggestions.extraction import note
from aidecamp.suggestions.proposals import Malformed

REPAIR_OUTPUT = 1500
NO_ROOM = "\n\n*There were not enough tokens left to ask the model for a corrected suggestion.*"


async def repair(desk: Desk, models: Models, turn: Running, first: Prompt) -> None:
    """What was cut is only told of; what came whole but wrong goes back to the model once."""
    faults = turn.answer.faults
    wrong = [fault for fault in faults if fault.is_repairable]
    if not wrong or turn.failure is not None or turn.is_cut:
        show(turn.answer, faults)
        return
    # Booked before the second call reserves, so that the first one's unused tokens are free again.
    await _book(desk, turn)
    asked = prompts.repair(
        first,
        turn.answer.text + "\n".join(fault.raw for fault in wrong),
        "\n".join(offer.correction(fault) for fault in wrong),
        min(first.max_tokens, REPAIR_OUTPUT),
    )
    reservation = await _reserve(desk, turn, asked)
    if reservation is None:
        show(turn.answer, faults)
        turn.answer.say(NO_ROOM)
        return
    again = await _ask_again(desk, models, turn, asked, reservation)
    turn.answer.proposals += again.proposals
    show(turn.answer, [fault for fault in faults if not (fault.is_repairable and again.proposals)])


def show(answer: Answer, faults: Sequence[Malformed]) -> None:
    """Nothing is dropped silently: the suggestion as the model wrote it, and what is wrong with it."""
    for fault in faults:
        answer.say(note(fault))


async def _book(desk: Desk, turn: Running) -> None:
    if turn.reservation is not None:
        outcome = turn.outcome()
        turn.booked.append((await desk.ledger.settle(turn.reservation, outcome), outcome))
        turn.reservation, turn.call = None, None


async def _reserve(desk: Desk, turn: Running, asked: prompts.Assembled) -> Reservation | None:
    provider = turn.material.provider
    try:
        return await desk.ledger.admit(
            turn.actor,
            provider_id=provider.id,
            provider_type=provider.provider_type,
            model=provider.model_name,
            purpose="repair",
            conversation_id=turn.asked.conversation_id,
            estimate=Estimate(asked.estimated_input, asked.prompt.max_tokens, asked.request_bytes),
            rate=False,
        )
    except Refusal:
        return None


async def _ask_again(
    desk: Desk, models: Models, turn: Running, asked: prompts.Assembled, reservation: Reservation
) -> Answer:
    turn.reservation = reservation
    async with desk.database.customer(turn.actor) as tx:
        await messages.reopen(tx, turn.message_id, reservation.id)
    desk.journal.reopen(turn.feed, reservation.id)
    again = Answer(turn.feed, turn.material.extractor(), shows_text=False)
    await read(models, turn, asked.prompt_for(reservation), again)
    again.close()
    # The answer itself was complete; that only its repair failed does not make it a failed one.
    turn.failure = turn.cut
    return again
