-- The ground of tenancy. Every table carries customer_id first in its keys, and calls isolate() once.

create extension if not exists pgcrypto;

-- What the serving role may do on each relation; applied after every migration run, so that an
-- operator can change the serving role. 'outside' marks the reviewed list without row-level security.
create table serving_rights (
    relation text primary key,
    rights   text not null,
    outside  boolean not null default false,
    reason   text
);

create function current_customer() returns uuid
    language sql stable parallel safe
    -- After a transaction-local setting ends, it reads '' and not null: nullif fails closed with no rows.
    return nullif(current_setting('app.customer', true), '')::uuid;

create procedure isolate(relation regclass, rights text default 'select, insert, update, delete')
    language plpgsql as $$
begin
    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format('create policy customer on %s using (customer_id = current_customer())
                    with check (customer_id = current_customer())', relation);
    insert into serving_rights (relation, rights) values (relation::text, rights);
end $$;

-- For the reviewed list only; tests/rules holds the list, the reason is read by people.
create procedure leave_outside(relation regclass, rights text, reason text)
    language plpgsql as $$
begin
    insert into serving_rights (relation, rights, outside, reason)
    values (relation::text, rights, true, reason);
end $$;

create procedure grant_serving(serving_role text)
    language plpgsql as $$
declare
    entry serving_rights;
begin
    -- Repeated here because a restored dump brings no rights along.
    revoke all on schema public from public;
    execute format('grant usage on schema public to %I', serving_role);
    for entry in select * from serving_rights loop
        execute format('revoke all on %s from %I', entry.relation, serving_role);
        if entry.rights <> '' then
            execute format('grant %s on %s to %I', entry.rights, entry.relation, serving_role);
        end if;
    end loop;
    execute format('grant usage, select on all sequences in schema public to %I', serving_role);
end $$;

call leave_outside('serving_rights', 'select', 'the list itself, read by the start-up check');
call leave_outside('migrations', 'select', 'which migrations were applied, read by the start-up check');

-- Who must be found before a customer is known: an e-mail address, a session or a token, by exact hash only.
create table directory (
    key_hash    bytea primary key,
    kind        text not null check (kind in ('email', 'session', 'token')),
    customer_id uuid not null,
    user_id     uuid not null,
    object_id   uuid not null,
    expires_at  timestamptz,
    created_at  timestamptz not null default now()
);
create index directory_of_user on directory (customer_id, user_id);
create index directory_by_expiry on directory (expires_at);
call leave_outside('directory', 'select, insert, update, delete', 'sign-in and bearer look-up happen before a customer is known');

-- What sweepers look at across customers: no content, only that something of this kind is due.
create table due (
    kind        text not null,
    customer_id uuid not null,
    object_id   uuid not null,
    due_at      timestamptz not null,
    primary key (kind, customer_id, object_id)
);
create index due_by_time on due (kind, due_at);
call leave_outside('due', 'select, insert, update, delete', 'sweepers look for work before a customer is known');
