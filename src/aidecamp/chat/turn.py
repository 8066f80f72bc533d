"""The turn: admitted in one transaction, answered by a task of its own, closed in another transaction.

The answer belongs to that task and never to an HTTP response: a reader that leaves costs nothing, and what
was used is settled whatever happens to whoever asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from aidecamp import audit
from aidecamp.actor import Actor
from aidecamp.chat import access, events, following, prompt
from aidecamp.chat.answer import Answer
from aidecamp.chat.closing import Desk, close
from aidecamp.chat.gathering import Material, gather
from aidecamp.chat.journal import LEASE_SECONDS, Feed, Journal
from aidecamp.chat.models import Asked, Entry, Message, Question
from aidecamp.chat.reading import read
from aidecamp.chat.refusals import Broken, Closing, EmptyQuestion, Interrupted
from aidecamp.chat.repairing import repair
from aidecamp.chat.running import Opened, Running
from aidecamp.chat.store import conversations, journal, messages
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.signals import Signals
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Refusal
from aidecamp.host.port import Host
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.quota import quota
from aidecamp.metering.reservation import Estimate
from aidecamp.providers.call import Models

GRACE_SECONDS = 5.0
CLOSE_SECONDS = 10.0
STOP_SECONDS = 8.0
STOP = "stop"

Remember = Callable[[Transaction, UUID], Awaitable[None]]

log = structlog.get_logger()


class Turns:
    """All turns of this worker. `drain` at shutdown leaves none of them unsettled."""

    def __init__(
        self, database: Database, ledger: Ledger, models: Models, host: Host, signals: Signals
    ) -> None:
        self.database = database
        self.ledger = ledger
        self.models = models
        self.host = host
        self.signals = signals
        self.journal = Journal(database, self._renew)
        self.desk = Desk(database, ledger, self.journal, host)
        self._running: dict[UUID, Running] = {}
        self._is_draining = False
        signals.subscribe(STOP, self._hear_stop)

    async def ask(self, actor: Actor, question: Question, remember: Remember | None = None) -> Asked:
        """Admit the question and start its answer, or refuse before anything was sent.

        `remember` joins the transaction of the admission, for the request's Idempotency-Key.
        """
        if self._is_draining:
            raise Closing()
        if not question.content.strip():
            raise EmptyQuestion()
        async with self.database.customer(actor) as tx:
            material = await gather(tx, actor, self.host, self.models, question)
        # Whoever asked may leave between the commit and the start; then nobody would answer or settle.
        return await asyncio.shield(asyncio.ensure_future(self._open(actor, question, material, remember)))

    def follow(self, actor: Actor, message_id: UUID, after: int = 0) -> AsyncIterator[list[Entry]]:
        """The events of an answer after that number: from memory here, from the database elsewhere."""
        return following.follow(self.database, self.journal, actor, message_id, after)

    async def stop(self, actor: Actor, message_id: UUID) -> Message:
        """End a running answer on whichever worker it runs; what was written and used is kept and counted."""
        async with self.database.customer(actor) as tx:
            message = await access.own_message(tx, actor, message_id)
        if message.status != "streaming":
            return message
        if not self._stop_here(message_id):
            await self.signals.publish(STOP, {"message_id": message_id})
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                async for _ in self.follow(actor, message_id):
                    pass
        async with self.database.customer(actor) as tx:
            return await access.own_message(tx, actor, message_id)

    def begin_drain(self) -> None:
        """The process is asked to end: nothing new starts, what runs gets a moment, then it is cut."""
        if not self._is_draining:
            self._is_draining = True
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._interrupt_all)

    async def drain(self) -> None:
        """Wait until every running turn is closed; what the database does not take is the sweeper's."""
        self.begin_drain()
        tasks = {turn.task for turn in self._running.values() if turn.task}
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS + CLOSE_SECONDS)
        await self.journal.stop()

    async def _open(
        self, actor: Actor, question: Question, material: Material, remember: Remember | None
    ) -> Asked:
        async with self.database.customer(actor) as tx:
            opened = await open_turn(tx, actor, self.ledger, question, material)
            if isinstance(opened, Opened) and remember:
                await remember(tx, opened.asked.message_id)
        if isinstance(opened, Refusal):
            raise opened
        self._start(actor, opened, material)
        return opened.asked

    def _start(self, actor: Actor, opened: Opened, material: Material) -> None:
        feed = self.journal.open(actor.customer_id, opened.asked.message_id, opened.reservation.id)
        feed.append("start", events.start(opened.asked, material.provider.model_name, opened.quota))
        turn = Running(
            actor=actor,
            asked=opened.asked,
            material=material,
            feed=feed,
            reservation=opened.reservation,
            answer=Answer(feed, material.extractor()),
        )
        self._running[opened.asked.message_id] = turn
        turn.task = asyncio.create_task(self._run(turn), name=f"turn {opened.asked.message_id}")

    async def _run(self, turn: Running) -> None:
        try:
            await self._answer(turn)
        except Exception:
            # The outermost edge of the turn: whatever broke, the books are closed and the reader is told.
            log.exception("turn_broken", message_id=str(turn.asked.message_id))
            turn.failure = turn.failure or Broken()
        try:
            await close(self.desk, turn)
        finally:
            del self._running[turn.asked.message_id]

    async def _answer(self, turn: Running) -> None:
        assert turn.reservation is not None
        prompt = turn.material.assembled.prompt_for(turn.reservation)
        await read(self.models, turn, prompt, turn.answer)
        turn.answer.close()
        if turn.answer.faults:
            await repair(self.desk, self.models, turn, prompt)

    def _stop_here(self, message_id: UUID) -> bool:
        turn = self._running.get(message_id)
        if turn is None:
            return False
        turn.stop()
        return True

    def _hear_stop(self, payload: Mapping[str, Any]) -> None:
        self._stop_here(UUID(str(payload["message_id"])))

    def _interrupt_all(self) -> None:
        for turn in list(self._running.values()):
            turn.interrupt(Interrupted("The server is restarting."))

    async def _renew(self, feeds: Sequence[Feed]) -> None:
        await self.ledger.opened({feed.reservation_id: self._received(feed) for feed in feeds})

    def _received(self, feed: Feed) -> int:
        turn = self._running.get(feed.message_id)
        return turn.call.received_bytes if turn and turn.call else 0


async def open_turn(
    tx: Transaction, actor: Actor, ledger: Ledger, question: Question, material: Material
) -> Opened | Refusal:
    """The second transaction: rate, reservation, question and trail. A refusal is returned, so that its
    trail is committed."""
    conversation, provider = material.conversation, material.provider
    if not await conversations.hold(tx, actor.person, conversation.id):
        return access.NoConversation("The conversation was deleted.")
    wish = material.assembled
    reservation = await ledger.admit_in(
        tx,
        actor,
        provider_id=provider.id,
        provider_type=provider.provider_type,
        model=provider.model_name,
        purpose="chat",
        conversation_id=conversation.id,
        estimate=Estimate(wish.estimated_input, wish.prompt.max_tokens, wish.request_bytes),
    )
    if isinstance(reservation, Refusal):
        return reservation
    asked = Asked(conversation.id, new_id(), new_id())
    who = {"customer_id": actor.customer_id, "user_id": actor.person}
    await messages.insert_question(tx, **who, asked=asked, content=question.content)
    await messages.insert_answer(
        tx,
        **who,
        asked=asked,
        provider_id=provider.id,
        model=provider.model_name,
        request_id=reservation.id,
    )
    await conversations.asked(
        tx, conversation.id, title=prompt.title(question.content), context_data=material.snapshot.data
    )
    await journal.lease(tx, actor.customer_id, asked.message_id, LEASE_SECONDS)
    await audit.record(
        tx,
        actor,
        "chat.ask",
        "message",
        asked.message_id,
        conversation_id=conversation.id,
        provider_id=provider.id,
        request_id=reservation.id,
        reserved=reservation.amount,
    )
    return Opened(asked, reservation, await quota(tx, actor))
