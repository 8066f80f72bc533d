"""Money: the published list, matched by name and date; the same sum in Python and in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from genai_prices import Usage, calc_price
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.metering.ledger import Ledger
from aidecamp.metering.pricelist import edition, entries
from aidecamp.metering.prices import Prices
from aidecamp.metering.pricing import Price, PriceBook, cost
from aidecamp.metering.reservation import Outcome
from aidecamp.metering.reservation import Usage as Reported
from tests.metering.books import admit
from tests.people import Cast

TODAY = date(2026, 11, 1)
BOOK = PriceBook(
    [
        Price(new_id(), e["provider_type"], e["position"], e["model"], e["match"],
              date.fromisoformat(e["starts_on"]), e["rates"])
        for e in entries()
    ]
)  # fmt: skip
TIERED = Price(
    UUID(int=1), "openai", 0, "m", {"equals": "m"}, TODAY,
    {"input": [[0, "1"], [1000, "2"]], "cached": [[0, "0.1"]], "output": [[0, "6"], [1000, "9"]]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("provider_type", "model"),
    [
        ("openai", "gpt-4o"), ("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-5-mini"), ("openai", "o3"),
        ("anthropic", "claude-sonnet-4-5"), ("anthropic", "claude-sonnet-4-20250514"),
        ("anthropic", "claude-opus-4-6"), ("azure_openai", "gpt-4o"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("input", [1_000, 300_000])
def test_our_sum_is_the_lists_own(provider_type: str, model: str, input: int) -> None:
    ours = cost(BOOK.find(provider_type, model, datetime.now(UTC).date()), input, 400, 0, 500)
    theirs = calc_price(
        Usage(input_tokens=input, cache_read_tokens=400, output_tokens=500), model,
        provider_id={"azure_openai": "azure"}.get(provider_type, provider_type),
    )  # fmt: skip
    assert ours == theirs.total_price


@pytest.mark.parametrize(
    ("provider_type", "model"),
    [
        ("openai", "gpt-99"),
        ("ollama", "llama3"),
        ("custom", "gpt-4o"),
        (None, "gpt-4o"),
        ("openai", "g" * 500),
    ],
)
def test_what_is_not_listed_is_unknown_and_never_free(provider_type: str | None, model: str) -> None:
    assert BOOK.find(provider_type, model, TODAY) is None
    assert cost(None, 100, 0, 0, 100) is None


def test_a_price_holds_from_its_day_on() -> None:
    before, after = (
        BOOK.find("openai", "gpt-5.6-luna", day) for day in (date(2026, 7, 29), date(2026, 7, 30))
    )
    assert before is not None
    assert after is not None
    assert cost(before, 1_000_000, 0, 0, 0) == Decimal(2)
    assert cost(after, 1_000_000, 0, 0, 0) == Decimal("0.4")


def test_QUO_34_cached_input_is_counted_once() -> None:
    assert cost(TIERED, 1000, 400, 0, 0) == Decimal("0.00064")
    assert cost(TIERED, 100, 400, 0, 0) == Decimal("0.00001")


tokens = st.integers(0, 5_000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tokens, tokens, tokens, tokens)
async def test_the_database_makes_the_same_sum(
    database: Database, input: int, cached: int, written: int, output: int
) -> None:
    async with database.outside() as tx:
        theirs = await tx.value(
            "select cost_of(%(rates)s, %(i)s, %(c)s, %(w)s, %(o)s)",
            rates=Jsonb(TIERED.rates), i=input, c=cached, w=written, o=output,
        )  # fmt: skip
    assert theirs == cost(TIERED, input, cached, written, output)


async def test_the_list_is_brought_in_once_and_prices_a_call(
    database: Database, cast: Cast, ledger: Ledger, owner_url: str
) -> None:
    async with await psycopg.AsyncConnection.connect(owner_url) as owner:
        await owner.execute("delete from prices")
    prices = Prices(database)
    assert not await prices.load()
    await prices.fill()
    await prices.fill()
    assert await prices.load()
    async with database.outside() as tx:
        assert await tx.value("select count(*) from prices") == len(BOOK.prices)
        assert await tx.values("select distinct list from prices") == [edition()]
    ledger.prices = prices
    known = await ledger.settle(
        await admit(ledger, cast.user.actor, model="gpt-4o"), Outcome(Reported(1000, 400, 0, 100), True, 400)
    )
    assert known.estimated_cost == "0.003"
    unknown = await ledger.settle(
        await admit(ledger, cast.user.actor, model="homemade"), Outcome(Reported(100, 0, 0, 100), True, 400)
    )
    assert unknown.estimated_cost is None
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select sum(estimated_cost) from ai_token_usage") == Decimal("0.003")
        assert await tx.value("select sum(unpriced_tokens) from ai_token_usage") == 200
