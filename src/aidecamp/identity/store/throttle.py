"""Token buckets that slow guessing, kept where every worker sees them."""

from __future__ import annotations

from aidecamp.db.transaction import Transaction


async def take(tx: Transaction, key_hash: bytes, capacity: float, per_second: float) -> bool:
    """One attempt from the bucket; False where it is empty, and nothing changes then."""
    changed = await tx.run(
        """
        insert into sign_in_throttle as t (key_hash, tokens) values (%(key_hash)s, %(capacity)s - 1)
        on conflict (key_hash) do update
        set tokens = least(%(capacity)s,
                           t.tokens + %(per_second)s * extract(epoch from now() - t.updated_at)) - 1,
            updated_at = now()
        where least(%(capacity)s,
                    t.tokens + %(per_second)s * extract(epoch from now() - t.updated_at)) >= 1
        """,
        key_hash=key_hash,
        capacity=capacity,
        per_second=per_second,
    )
    return changed == 1


async def seconds_until_next(tx: Transaction, key_hash: bytes, per_second: float) -> float:
    seconds = await tx.value(
        """
        select (1 - tokens) / %(per_second)s - extract(epoch from now() - updated_at)::float8
        from sign_in_throttle where key_hash = %(key_hash)s
        """,
        key_hash=key_hash,
        per_second=per_second,
    )
    return max(1.0, float(seconds or 0.0))


async def give_back(tx: Transaction, key_hash: bytes, capacity: float) -> None:
    await tx.run(
        """
        update sign_in_throttle set tokens = least(%(capacity)s, tokens + 1) where key_hash = %(key_hash)s
        """,
        key_hash=key_hash,
        capacity=capacity,
    )


async def forget_old(tx: Transaction) -> None:
    await tx.run("delete from sign_in_throttle where updated_at < now() - interval '1 day'")
