-- First answers of requests that carried an Idempotency-Key, kept for a day. The key itself is not stored:
-- its hash finds the row, and the answer is sealed under a key derived from it, since answers may hold
-- what is shown only once.
create table idempotency_keys (
    customer_id  uuid not null,
    user_id      uuid not null,
    key_hash     bytea not null,
    request_hash bytea not null,
    status       integer,
    answer       bytea,
    reference    uuid,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null default now() + interval '1 day',
    primary key (customer_id, user_id, key_hash),
    foreign key (customer_id, user_id) references users on delete cascade
);
create index idempotency_keys_by_end on idempotency_keys (customer_id, user_id, expires_at);
call isolate('idempotency_keys');
