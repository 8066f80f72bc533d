"""What was used, read from the daily roll-up; the ledger itself is not needed for any of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as `GET /me` tells."""

    id: UUID
    email: str
    name: str
    role: str
    customer_name: str
    timezone: str


async def identity(tx: Transaction, user_id: UUID) -> Identity | None:
    return await tx.maybe(
        Identity,
        """select u.id, u.email, u.name, u.role, c.name as customer_name, c.timezone
             from users u join customers c using (customer_id) where u.id = %(user_id)s""",
        user_id=user_id,
    )


async def today(tx: Transaction) -> date:
    """The customer's local day by the database's clock."""
    found: date = await tx.value("select (now() at time zone timezone)::date from customers")
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """Usage of one day, provider, model, or of everything. `cost` is None where nothing has a price."""

    input_tokens: int
    output_tokens: int
    request_count: int
    cost: Decimal | None
    unpriced_tokens: int

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Total(Part):
    pass


@dataclass(frozen=True, slots=True)
class Day(Part):
    date: date


@dataclass(frozen=True, slots=True)
class ByProvider(Part):
    ai_provider_id: UUID | None
    provider_type: str | None


@dataclass(frozen=True, slots=True)
class ByModel(Part):
    model: str


async def total(tx: Transaction, user_id: UUID | None, first: date, last: date) -> Total:
    """`user_id` None = everybody of the customer; both days are included, here and below."""
    return await tx.one(
        Total,
        """select coalesce(sum(input_tokens), 0)::bigint as input_tokens,
                  coalesce(sum(output_tokens), 0)::bigint as output_tokens,
                  coalesce(sum(request_count), 0)::bigint as request_count, sum(estimated_cost) as cost,
                  coalesce(sum(unpriced_tokens), 0)::bigint as unpriced_tokens
             from ai_token_usage
            where date between %(first)s and %(last)s
              and (%(user_id)s::uuid is null or user_id = %(user_id)s)""",
        user_id=user_id,
        first=first,
        last=last,
    )


async def by_day(tx: Transaction, user_id: UUID | None, first: date, last: date) -> list[Day]:
    return await tx.all(
        Day,
        """select date, sum(input_tokens)::bigint as input_tokens,
                  sum(output_tokens)::bigint as output_tokens,
                  sum(request_count)::bigint as request_count, sum(estimated_cost) as cost,
                  sum(unpriced_tokens)::bigint as unpriced_tokens
             from ai_token_usage
            where date between %(first)s and %(last)s
              and (%(user_id)s::uuid is null or user_id = %(user_id)s)
            group by date order by date""",
        user_id=user_id,
        first=first,
        last=last,
    )


async def by_provider(tx: Transaction, user_id: UUID | None, first: date, last: date) -> list[ByProvider]:
    return await tx.all(
        ByProvider,
        """select ai_provider_id, provider_type, sum(input_tokens)::bigint as input_tokens,
                  sum(output_tokens)::bigint as output_tokens, sum(request_count)::bigint as request_count,
                  sum(estimated_cost) as cost, sum(unpriced_tokens)::bigint as unpriced_tokens
             from ai_token_usage
            where date between %(first)s and %(last)s
              and (%(user_id)s::uuid is null or user_id = %(user_id)s)
            group by ai_provider_id, provider_type
            order by sum(input_tokens + output_tokens) desc, ai_provider_id limit 1000""",
        user_id=user_id,
        first=first,
        last=last,
    )


async def by_model(tx: Transaction, user_id: UUID | None, first: date, last: date) -> list[ByModel]:
    return await tx.all(
        ByModel,
        """select model, sum(input_tokens)::bigint as input_tokens,
                  sum(output_tokens)::bigint as output_tokens,
                  sum(request_count)::bigint as request_count, sum(estimated_cost) as cost,
                  sum(unpriced_tokens)::bigint as unpriced_tokens
             from ai_token_usage
            where date between %(first)s and %(last)s
              and (%(user_id)s::uuid is null or user_id = %(user_id)s)
            group by model order by sum(input_tokens + output_tokens) desc, model limit 200""",
        user_id=user_id,
        first=first,
        last=last,
    )


@dataclass(frozen=True, slots=True)
class TopUser:
    """`email` is None for someone who is no longer here."""

    user_id: UUID
    email: str | None
    tokens: int


async def top_users(tx: Transaction, first: date, last: date, most: int = 10) -> list[TopUser]:
    return await tx.all(
        TopUser,
        """select used.user_id, u.email, used.tokens
             from (select user_id, sum(input_tokens + output_tokens)::bigint as tokens from ai_token_usage
                    where date between %(first)s and %(last)s
                    group by user_id order by 2 desc, 1 limit %(most)s) used
             left join users u on u.id = used.user_id
            where used.tokens > 0
            order by used.tokens desc, used.user_id""",
        first=first,
        last=last,
        most=most,
    )


@dataclass(frozen=True, slots=True)
class Alert:
    period: str
    percent: int
    quota: int
    used: int


async def alerts(tx: Transaction, user_id: UUID, day: date) -> list[Alert]:
    """The highest mark passed of the running day and of the running month."""
    return await tx.all(
        Alert,
        """select distinct on (period) period, percent::int as percent, quota, used from quota_alerts
            where user_id = %(user_id)s
              and ((period = 'day' and starts_on = %(day)s)
                or (period = 'month' and starts_on = date_trunc('month', %(day)s::date)))
            order by period, percent desc""",
        user_id=user_id,
        day=day,
    )
