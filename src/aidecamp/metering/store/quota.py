"""What a person's windows hold now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aidecamp.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    daily: int | None
    day_used: int
    day_reserved: int
    day_cap_room: int | None
    day_resets_at: datetime
    monthly: int | None
    month_used: int
    month_reserved: int
    month_cap_room: int | None
    month_resets_at: datetime


async def of(tx: Transaction, customer_id: UUID, user_id: UUID) -> Standing | None:
    return await tx.maybe(
        Standing,
        """select l.daily, coalesce(d.used, 0) as day_used, coalesce(d.reserved, 0) as day_reserved,
                  cap.daily - (select coalesce(sum(used + reserved), 0)::bigint from usage_windows w
                                where w.customer_id = %(customer_id)s and w.period = 'day'
                                  and w.starts_on = l.day) as day_cap_room,
                  local_midnight(l.day + 1, l.zone) as day_resets_at,
                  l.monthly, coalesce(m.used, 0) as month_used, coalesce(m.reserved, 0) as month_reserved,
                  cap.monthly - (select coalesce(sum(used + reserved), 0)::bigint from usage_windows w
                                  where w.customer_id = %(customer_id)s and w.period = 'month'
                                    and w.starts_on = l.month) as month_cap_room,
                  local_midnight((l.month + interval '1 month')::date, l.zone) as month_resets_at
             from effective_limits(%(customer_id)s, %(user_id)s) l
             left join usage_windows d on d.customer_id = %(customer_id)s and d.user_id = %(user_id)s
                                      and d.period = 'day' and d.starts_on = l.day
             left join usage_windows m on m.customer_id = %(customer_id)s and m.user_id = %(user_id)s
                                      and m.period = 'month' and m.starts_on = l.month
             left join customer_limits cap on cap.customer_id = %(customer_id)s""",
        customer_id=customer_id,
        user_id=user_id,
    )
