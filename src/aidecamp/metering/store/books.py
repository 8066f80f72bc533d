"""The ledger recomputed: where its sums and what we keep beside it differ."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Difference:
    """`kept` is what the books say, `recomputed` what the ledger says; either may be absent."""

    user_id: UUID
    what: str
    kept: str | None
    recomputed: str | None


async def customers(tx: Transaction) -> list[UUID]:
    """Every customer with somebody who can sign in; asked outside of all customers."""
    return await tx.values("select distinct customer_id from directory order by customer_id")


def differences(tx: Transaction) -> AsyncIterator[Difference]:
    """Roll-up and windows of one customer against its ledger, in one snapshot."""
    return tx.stream(
        Difference,
        """with rolled as (
               select user_id, concat_ws(' ', date, coalesce(ai_provider_id::text, 'no provider'),
                                         coalesce(provider_type, 'no type'), model, purpose) as what,
                      concat_ws(' ', 'in', input_tokens, 'out', output_tokens, 'calls', request_count,
                                'cost', trim_scale(coalesce(estimated_cost, 0)),
                                'unpriced', unpriced_tokens) as sums
                 from ai_token_usage
                where request_count <> 0 or input_tokens <> 0 or output_tokens <> 0
           ), counted as (
               select user_id, concat_ws(' ', day, coalesce(ai_provider_id::text, 'no provider'),
                                         coalesce(provider_type, 'no type'), model, purpose) as what,
                      concat_ws(' ', 'in', sum(charged_input), 'out', sum(charged_output), 'calls', count(*),
                                'cost', trim_scale(coalesce(sum(estimated_cost), 0)), 'unpriced',
                                coalesce(sum(charged_input + charged_output)
                                         filter (where estimated_cost is null), 0)) as sums
                 from ai_requests where state in ('settled', 'expired')
                group by user_id, day, ai_provider_id, provider_type, model, purpose
           ), held as (
               select user_id, concat_ws(' ', period, starts_on) as what,
                      concat_ws(' ', 'used', used, 'reserved', reserved) as sums
                 from usage_windows where used <> 0 or reserved <> 0
           ), owed as (
               select user_id, concat_ws(' ', period, starts_on) as what,
                      concat_ws(' ', 'used', sum(charged_input + charged_output), 'reserved',
                                coalesce(sum(reserved) filter (where state = 'reserved'), 0)) as sums
                 from ai_requests, lateral (values ('day', day), ('month', month)) as span (period, starts_on)
                group by user_id, period, starts_on
               having sum(charged_input + charged_output) <> 0 or bool_or(state = 'reserved')
           )
           select user_id, what, rolled.sums as kept, counted.sums as recomputed
             from rolled full join counted using (user_id, what)
            where rolled.sums is distinct from counted.sums
           union all
           select user_id, what, held.sums, owed.sums
             from held full join owed using (user_id, what)
            where held.sums is distinct from owed.sums
            order by 1, 2""",
    )
