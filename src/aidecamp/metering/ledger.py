"""The ledger: every call to a model is admitted here before it is made and settled here after it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import psycopg
import structlog

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import RateLimited, Refusal, Unavailable
from aidecamp.metering import prices, sweeper
from aidecamp.metering.admission import Ask, QuotaExceeded, Verdict, answer
from aidecamp.metering.gathering import Gathering
from aidecamp.metering.line import Line
from aidecamp.metering.reservation import Charge, Estimate, Outcome, Purpose, Reservation
from aidecamp.metering.settlement import figures
from aidecamp.metering.store import calls
from aidecamp.metering.store.calls import Closed, Ending

log = structlog.get_logger()

SETTLEMENT_DELAY = 0.01
SETTLEMENT_PATIENCE = 10.0
LONGEST_BACK_OFF = 5.0
DRAIN_SECONDS = 10.0
FORGOTTEN_AFTER = 900.0
MANY_RUNNING = 1_000

Answer = Reservation | QuotaExceeded | RateLimited


class Ledger:
    """One per process. `open` starts the sweeper and the price list; admitting and settling work without.

    `rate_per_minute` and `streams_per_user` are counted in the database, so they hold across processes;
    0 turns each off.
    """

    def __init__(self, database: Database, *, rate_per_minute: float = 60, streams_per_user: int = 8) -> None:
        self._database = database
        self._per_minute = rate_per_minute
        self._streams = streams_per_user
        self._admitting = Line(database.url, "admission")
        self._settling = Line(database.url, "settlement")
        self._asks = Gathering(self._admit_batch, orphaned=self._unwanted)
        self._endings = Gathering(self._settle_batch, delay=SETTLEMENT_DELAY)
        self._running: dict[UUID, tuple[Reservation, float]] = {}
        self._background: list[asyncio.Task[None]] = []
        self._closing = False
        self.prices = prices.Prices(database)

    async def open(self) -> None:
        await self.prices.load()
        self._background = [
            asyncio.create_task(sweeper.keep_sweeping(self._database)),
            asyncio.create_task(self.prices.keep_current()),
        ]

    async def close(self) -> None:
        """Settle what is known to have ended; what can't be settled now is left to a sweeper elsewhere."""
        self._closing = True
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._asks.drain(DRAIN_SECONDS)
        await self._endings.drain(DRAIN_SECONDS)
        await self._admitting.close()
        await self._settling.close()

    # -- before the call ---------------------------------------------------------------------------------

    async def admit(
        self,
        actor: Actor,
        *,
        provider_id: UUID | None,
        model: str,
        purpose: Purpose,
        estimate: Estimate,
        provider_type: str | None = None,
        conversation_id: UUID | None = None,
        rate: bool = True,
        tx: Transaction | None = None,
    ) -> Reservation:
        """Set the tokens aside or raise QuotaExceeded, RateLimited, Unavailable. A trail entry tells of both.

        `rate=False` for the further calls of what was already admitted. With `tx` a refusal is raised inside
        the caller's transaction and its trail entry lost with it: use `admit_in` there.
        """
        ask = self._ask(actor, provider_id, model, purpose, estimate, provider_type, conversation_id, rate)
        result = await (self._asks.put(ask) if tx is None else self._admit_one(tx, ask))
        if isinstance(result, Refusal):
            raise result
        return result

    async def admit_in(
        self,
        tx: Transaction,
        actor: Actor,
        *,
        provider_id: UUID | None,
        model: str,
        purpose: Purpose,
        estimate: Estimate,
        provider_type: str | None = None,
        conversation_id: UUID | None = None,
        rate: bool = True,
    ) -> Answer:
        """The same inside the caller's transaction: a refusal is returned, so that its trail is committed."""
        return await self._admit_one(
            tx, self._ask(actor, provider_id, model, purpose, estimate, provider_type, conversation_id, rate)
        )

    def _ask(
        self,
        actor: Actor,
        provider_id: UUID | None,
        model: str,
        purpose: Purpose,
        estimate: Estimate,
        provider_type: str | None,
        conversation_id: UUID | None,
        rate: bool,
    ) -> Ask:
        price = self.prices.find(provider_type, model)
        return Ask(
            id=new_id(),
            entry_id=new_id(),
            actor=actor,
            provider_id=provider_id,
            conversation_id=conversation_id,
            provider_type=provider_type,
            model=model,
            purpose=purpose,
            estimate=estimate,
            is_first=rate,
            price_id=price.id if price else None,
        )

    async def _admit_one(self, tx: Transaction, ask: Ask) -> Answer:
        (verdict,) = await calls.admit(tx, [ask], per_minute=self._per_minute, streams=self._streams)
        return self._answer(ask, verdict)

    async def _admit_batch(self, asks: Sequence[Ask]) -> Sequence[Answer | Exception]:
        if self._closing:
            return [Unavailable("Aidecamp is shutting down; nothing was sent.") for _ in asks]
        try:
            verdicts = {v.id: v for v in await self._admit_statement(asks, again=False)}
        except psycopg.OperationalError:
            # The first try may have been committed before its answer was lost: the second one finds what it
            # admitted. What it refused is asked anew, and gets a trail entry besides the one it may have.
            anew = [replace(ask, entry_id=new_id()) for ask in asks]
            try:
                verdicts = {v.id: v for v in await self._admit_statement(anew, again=True)}
            except psycopg.Error as error:
                log.warning("admission_failed", calls=len(asks), reason=type(error).__name__)
                return [Unavailable() for _ in asks]
        except psycopg.Error as error:
            if len(asks) > 1:
                return [(await self._admit_batch([ask]))[0] for ask in asks]
            log.error("admission_failed", calls=1, reason=type(error).__name__)
            return [Unavailable()]
        return [self._answer(ask, verdicts[ask.id]) for ask in asks]

    async def _admit_statement(self, asks: Sequence[Ask], *, again: bool) -> list[Verdict]:
        async with self._admitting.statement() as tx:
            return await calls.admit(
                tx, asks, per_minute=self._per_minute, streams=self._streams, again=again
            )

    def _answer(self, ask: Ask, verdict: Verdict) -> Answer:
        result = answer(ask, verdict)
        if isinstance(result, Reservation):
            if len(self._running) >= MANY_RUNNING:
                self._forget_lost()
            self._running[result.id] = (result, time.monotonic())
        return result

    def _unwanted(self, _ask: Ask, result: Answer) -> None:
        # Its caller was cancelled while the batch ran: nothing will be sent, so give the tokens back.
        if isinstance(result, Reservation):
            self._endings.put(_ending(result, Outcome(usage=None, opened=False)))

    # -- during the call ---------------------------------------------------------------------------------

    async def opened(self, running: Iterable[UUID] | Mapping[UUID, int]) -> None:
        """Mark calls as sent and renew their lease of 60 s; as a mapping, with the bytes received so far.

        Expected at least every 20 s while a call runs; a sweeper charges what it was last told.
        """
        shown = running if isinstance(running, Mapping) else dict.fromkeys(running, 0)
        known = [(self._running[id][0], count) for id, count in shown.items() if id in self._running]
        if not known:
            return
        for reservation, _ in known:
            self._running[reservation.id] = (reservation, time.monotonic())
        async with self._database.outside() as tx:
            await calls.renew(tx, known)

    # -- after the call ----------------------------------------------------------------------------------

    async def settle(
        self,
        reservation: Reservation,
        outcome: Outcome,
        *,
        tx: Transaction | None = None,
        provisional: bool = False,
    ) -> Charge:
        """Charge what the call cost, exactly once however often it is called.

        `provisional` = a guess about the call of a process that fell silent; it corrects it if it comes back.

        With `tx` it joins the caller's transaction; if that fails, call again without. Without, it is tried
        until the database takes it, also after this raises Unavailable because it takes long.
        """
        ending = _ending(reservation, outcome, provisional)
        if tx is not None:
            (closed,) = await calls.settle(tx, [ending])
            return self._charge(ending, closed)
        try:
            return await asyncio.wait_for(asyncio.shield(self._endings.put(ending)), SETTLEMENT_PATIENCE)
        except TimeoutError as error:
            raise Unavailable("The database can't be reached; your usage will be booked later.") from error

    async def _settle_batch(self, endings: Sequence[Ending]) -> Sequence[Charge | Exception]:
        back_off = 0.1
        while True:
            try:
                async with self._settling.statement() as tx:
                    closed = {row.id: row for row in await calls.settle(tx, endings)}
                return [self._charge(e, closed.get(e.reservation.id)) for e in endings]
            except (psycopg.OperationalError, psycopg.InternalError) as error:
                log.warning("settlement_waits", calls=len(endings), reason=type(error).__name__)
                await asyncio.sleep(back_off * random.uniform(0.5, 1))  # noqa: S311
                back_off = min(back_off * 2, LONGEST_BACK_OFF)
            except psycopg.Error as error:
                if len(endings) > 1:
                    return [(await self._settle_batch([ending]))[0] for ending in endings]
                log.error("settlement_impossible", id=str(endings[0].reservation.id), reason=repr(error))
                return [Unavailable("The usage of this answer could not be booked.")]

    def _charge(self, ending: Ending, closed: Closed | None) -> Charge:
        self._running.pop(ending.reservation.id, None)
        f = ending.figures
        if closed is None or closed.id is None:
            log.error("settlement_without_reservation", id=str(ending.reservation.id))
            return Charge(f.tokens_input, f.tokens_cached, f.tokens_output, f.is_estimated, None)
        cost = closed.estimated_cost
        return Charge(
            tokens_input=closed.tokens_input or 0,
            tokens_cached=closed.tokens_cached or 0,
            tokens_output=closed.tokens_output or 0,
            is_estimated=bool(closed.is_estimated),
            estimated_cost=None if cost is None else format(cost.normalize(), "f"),
        )

    # -- what a dead process left --------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Close expired reservations of every customer; how many."""
        return await sweeper.sweep(self._database)

    def _forget_lost(self) -> None:
        """Calls whose caller never came back to settle them; the sweeper closes them in the books."""
        old = time.monotonic() - FORGOTTEN_AFTER
        self._running = {id: entry for id, entry in self._running.items() if entry[1] > old}


def _ending(reservation: Reservation, outcome: Outcome, provisional: bool = False) -> Ending:
    return Ending(reservation, outcome, figures(reservation, outcome), provisional)
