"""What must be true of the database before anybody is served: roles, isolation, timeouts."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

OLDEST = 15


class UnsafeDatabase(RuntimeError):
    """We refuse to serve; the message says in one sentence what to change."""


async def findings(url: str) -> list[str]:
    """Every reason not to serve with this connection; none is what one wants to see."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        found = await _of_the_role(connection)
        if await _may_read_list(connection):
            return found + await _all(connection, TABLES, KEYS, FOREIGN_KEYS, OBJECTS, RIGHTS)
        return [*found, "The schema is missing or was never granted to this role: run `aidecamp migrate`."]


async def require(url: str) -> None:
    """Raise `UnsafeDatabase` unless everything is as it must be."""
    try:
        _refuse(await findings(url))
    except psycopg.OperationalError as error:
        raise UnsafeDatabase(f"The database can't be reached: {str(error).splitlines()[0]}") from error


async def require_role(url: str) -> None:
    """The part of `require` that holds before there is a schema: asked before anything is changed."""
    _refuse(await of_the_role(url))


async def of_the_role(url: str) -> list[str]:
    """The findings that need no schema."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        return await _of_the_role(connection)


def _refuse(found: list[str]) -> None:
    if found:
        more = f" (and {len(found) - 1} more; see `aidecamp doctor`)" if len(found) > 1 else ""
        raise UnsafeDatabase(f"Refusing to serve: {found[0]}{more}")


async def _of_the_role(connection: AsyncConnection[Any]) -> list[str]:
    if connection.info.server_version < OLDEST * 10_000:
        return [f"PostgreSQL {OLDEST} or newer is needed."]
    return await _all(connection, ROLE)


async def _all(connection: AsyncConnection[Any], *queries: LiteralString) -> list[str]:
    return [row[0] for query in queries async for row in await connection.execute(query)]


async def _may_read_list(connection: AsyncConnection[Any]) -> bool:
    cursor = await connection.execute(
        "select has_table_privilege(to_regclass('public.serving_rights'), 'select') is true"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


ROLE = """
select 'The serving role ' || rolname || ' is ' || what || '; use a role without that.'
from pg_roles,
     lateral (values ('a superuser', rolsuper), ('allowed to bypass row-level security', rolbypassrls),
                     ('allowed to create roles', rolcreaterole), ('allowed to replicate', rolreplication)
     ) as attributes (what, holds)
where holds and (rolname = current_user or pg_has_role(session_user, oid, 'member'))
union all
select 'The serving role owns ' || string_agg(relname, ', ' order by relname) || '; serve as another role.'
from pg_class
where pg_has_role(session_user, relowner, 'member') and relnamespace = 'public'::regnamespace
having count(*) > 0
union all
select 'The serving role owns the database; serve as another role.'
from pg_database where datname = current_database() and pg_has_role(session_user, datdba, 'member')
"""

TABLES = """
select 'Table ' || relation || ' ' || problem || '.'
from (
    select c.oid::regclass::text as relation, c.relrowsecurity, c.relforcerowsecurity, c.oid,
           coalesce(r.outside, false) as outside
    from pg_class c
    left join serving_rights r on r.relation = c.oid::regclass::text
    where c.relkind in ('r', 'p') and c.relnamespace not in (
        select oid from pg_namespace where nspname like 'pg\\_%' or nspname = 'information_schema')
) as tables,
lateral (values
    ('has no row-level security', not relrowsecurity),
    ('does not force row-level security on its owner', not relforcerowsecurity),
    ('has no customer_id that is never null', not exists (
        select from pg_attribute
        where attrelid = tables.oid and attname = 'customer_id' and attnotnull and not attisdropped)),
    ('has a policy that does not ask for the customer', exists (
        select from pg_policy
        where polrelid = tables.oid
          and (coalesce(pg_get_expr(polqual, polrelid), '') <> '(customer_id = current_customer())'
               or coalesce(pg_get_expr(polwithcheck, polrelid), '') <> '(customer_id = current_customer())')))
) as problems (problem, holds)
where not outside and holds
"""

KEYS = """
select 'Unique index ' || i.indexrelid::regclass || ' does not begin with customer_id.'
from pg_index i
join pg_class c on c.oid = i.indrelid
left join serving_rights r on r.relation = c.oid::regclass::text
left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where i.indisunique and not coalesce(r.outside, false)
  and c.relnamespace not in (
      select oid from pg_namespace where nspname like 'pg\\_%' or nspname = 'information_schema')
  and a.attname is distinct from 'customer_id'
"""

FOREIGN_KEYS = """
select 'Foreign key ' || k.conname || ' of ' || k.conrelid::regclass || ' does not begin with customer_id.'
from pg_constraint k
left join serving_rights r on r.relation = k.conrelid::regclass::text
join pg_attribute here on here.attrelid = k.conrelid and here.attnum = k.conkey[1]
join pg_attribute there on there.attrelid = k.confrelid and there.attnum = k.confkey[1]
where k.contype = 'f' and not coalesce(r.outside, false)
  and (here.attname <> 'customer_id' or there.attname <> 'customer_id')
"""

OBJECTS = """
select 'Function ' || oid::regprocedure || ' runs with its definer''s rights.'
from pg_proc
where prosecdef and pronamespace not in (
    select oid from pg_namespace where nspname like 'pg\\_%' or nspname = 'information_schema')
union all
select 'Materialised view ' || oid::regclass || ' would show every customer''s rows.'
from pg_class where relkind = 'm' and relnamespace <> 'pg_catalog'::regnamespace
union all
select 'View ' || oid::regclass || ' is not security_invoker.'
from pg_class
where relkind = 'v' and relnamespace not in (
    select oid from pg_namespace where nspname like 'pg\\_%' or nspname = 'information_schema')
  and not coalesce(reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']
  -- An extension's own views (pg_stat_statements) know nothing of our tables.
  and not exists (
      select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
"""

RIGHTS = """
select 'The serving role may ' || lower(right_) || ' ' || c.oid::regclass || '.'
from pg_class c, unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) as right_
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
  and has_table_privilege(session_user, c.oid, right_)
union all
select 'The serving role may create objects in schema public.'
where has_schema_privilege(session_user, 'public', 'create')
"""
