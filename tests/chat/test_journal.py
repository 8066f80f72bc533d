"""The journal's leases: renewed for as long as a call runs, and for each further call of a turn at once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from aidecamp.chat.journal import Feed, Journal
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database


class Renewals:
    """Says which calls were renewed; a second call of the turn can begin in the middle of a renewal."""

    def __init__(self) -> None:
        self.seen: list[UUID] = []
        self.journal: Journal | None = None
        self.next: UUID | None = None

    async def __call__(self, feeds: Sequence[Feed]) -> None:
        self.seen += [feed.reservation_id for feed in feeds]
        if self.next and self.journal:
            self.journal.reopen(feeds[0], self.next)
            self.next = None


async def test_a_call_that_begins_during_a_renewal_is_renewed_at_the_next_flush(database: Database) -> None:
    renewals = Renewals()
    journal = renewals.journal = Journal(database, renewals)
    first, second = new_id(), new_id()
    feed = journal.open(new_id(), new_id(), first)
    await journal.stop()
    renewals.next = second
    await journal.flush()
    await journal.flush()
    await journal.flush()
    journal.close(feed)
    assert renewals.seen == [first, second]
