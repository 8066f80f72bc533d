-- The trail: who did what to which object, with which outcome. Ids, counts and codes only, never content.
-- Nothing references people or customers here: a trail outlives what it tells of.
create table audit_entries (
    customer_id uuid not null,
    id          uuid not null,
    at          timestamptz not null default clock_timestamp(),
    actor_id    uuid,
    role        text not null,
    via         text not null,
    action      text not null,
    object_kind text not null,
    object_id   uuid,
    outcome     text not null,
    facts       jsonb not null default '{}',
    primary key (customer_id, id)
);
create index audit_entries_by_actor on audit_entries (customer_id, actor_id, id desc);
create index audit_entries_by_action on audit_entries (customer_id, action, id desc);
create index audit_entries_by_time on audit_entries (customer_id, at desc);
call isolate('audit_entries', rights => 'select, insert');

-- Entries in the order in which they were sealed; each hash covers the entry and the hash before it.
create table audit_chain (
    customer_id uuid not null,
    seq         bigint not null,
    entry_id    uuid not null,
    hash        bytea not null,
    sealed_at   timestamptz not null default now(),
    primary key (customer_id, seq),
    unique (customer_id, entry_id),
    foreign key (customer_id, entry_id) references audit_entries
);
call isolate('audit_chain', rights => 'select, insert');

-- The newest hash of each chain, as it was published. Shipped logs hold the same, out of anybody's reach.
create table audit_heads (
    customer_id uuid primary key,
    seq         bigint not null,
    hash        bytea not null,
    sealed_at   timestamptz not null default now()
);
call leave_outside('audit_heads', 'select, insert, update', 'published: ids, counters and hashes only; says whose trails to verify');
