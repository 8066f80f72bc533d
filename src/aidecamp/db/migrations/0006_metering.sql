-- What calls to models may cost, are about to cost, and did cost. The functions are in 0014_ledger.sql.

-- The specification's defaults, here alone; a customer's own figures stand in role_limits. Null = unlimited.
create function default_limits() returns table (role text, daily bigint, monthly bigint)
    language sql immutable parallel safe as $$
    values ('viewer', 0::bigint, 0::bigint), ('user', 10000, 100000), ('support', 25000, 250000),
           ('manager', 50000, 500000), ('admin', 100000, 1000000), ('owner', null, null)
$$;

create table role_limits (
    customer_id uuid not null references customers on delete cascade,
    role        text not null check (role in ('viewer', 'user', 'support', 'manager', 'admin', 'owner')),
    daily       bigint check (daily >= 0),
    monthly     bigint check (monthly >= 0),
    primary key (customer_id, role)
);
call isolate('role_limits');

create table user_limits (
    customer_id uuid not null,
    user_id     uuid not null,
    daily       bigint check (daily >= 0),
    monthly     bigint check (monthly >= 0),
    reason      text not null default '' check (length(reason) <= 500),
    expires_at  timestamptz,
    created_at  timestamptz not null default now(),
    primary key (customer_id, user_id),
    foreign key (customer_id, user_id) references users on delete cascade
);
call isolate('user_limits');

-- A cap over all users together; its row is also the customer's lock while a capped call is admitted.
create table customer_limits (
    customer_id uuid primary key references customers on delete cascade,
    daily       bigint check (daily >= 0),
    monthly     bigint check (monthly >= 0)
);
call isolate('customer_limits');

-- One row a user: the rate bucket, and the lock under which the user's figures change.
-- Users and providers are named without foreign keys here and below: usage survives their deletion.
create table metering_accounts (
    customer_id uuid not null references customers on delete cascade,
    user_id     uuid not null,
    bucket      double precision not null default 'infinity',
    bucket_at   timestamptz not null default now(),
    primary key (customer_id, user_id)
);
call isolate('metering_accounts', 'select, insert, update');

-- What a user used and set aside in one local day or month. `quota` is the limit last seen, for alerts only.
create table usage_windows (
    customer_id uuid not null references customers on delete cascade,
    user_id     uuid not null,
    period      text not null check (period in ('day', 'month')),
    starts_on   date not null,
    used        bigint not null default 0 check (used >= 0),
    reserved    bigint not null default 0 check (reserved >= 0),
    quota       bigint,
    -- In this order it also serves the sum over a customer; a second index could be taken in its place
    -- by a plan made while the table was empty.
    primary key (customer_id, period, starts_on, user_id)
) with (fillfactor = 80);
call isolate('usage_windows', 'select, insert, update');

-- One row the first time that a user passes 80 or 100 percent of a window.
create table quota_alerts (
    customer_id uuid not null references customers on delete cascade,
    user_id     uuid not null,
    period      text not null,
    starts_on   date not null,
    percent     smallint not null check (percent in (80, 100)),
    quota       bigint not null,
    used        bigint not null,
    created_at  timestamptz not null default now(),
    primary key (customer_id, user_id, period, starts_on, percent)
);
call isolate('quota_alerts', 'select, insert');

-- A published list, the same for every customer. Rows are never changed, so a price in the ledger stays
-- what it was; a new list comes as new rows. `rates` holds, per kind, [[from input tokens, USD per million]…].
create table prices (
    id            uuid primary key,
    list          text not null,
    provider_type text not null,
    position      integer not null,
    model         text not null,
    match         jsonb not null,
    starts_on     date not null,
    rates         jsonb not null,
    unique (list, provider_type, model, starts_on)
);
call leave_outside('prices', 'select, insert', 'a published price list, the same for every customer');

-- The ledger: one row per call to a provider. tokens_* are the provider's figures (or our estimate, flagged),
-- charged_* what counts against the limits.
create table ai_requests (
    customer_id        uuid not null references customers on delete cascade,
    id                 uuid not null,
    user_id            uuid not null,
    ai_provider_id     uuid,
    conversation_id    uuid,
    provider_type      text,
    model              text not null,
    purpose            text not null
        check (purpose in ('chat', 'title', 'repair', 'tool', 'test', 'gateway')),
    is_first           boolean not null,
    state              text not null default 'reserved'
        check (state in ('reserved', 'settled', 'released', 'expired')),
    swept              boolean not null default false,
    day                date not null,
    month              date not null,
    estimated_input    bigint not null check (estimated_input >= 0),
    max_output         bigint not null check (max_output >= 0),
    reserved           bigint not null generated always as (estimated_input + max_output) stored,
    request_bytes      bigint not null default 0,
    shown_bytes        bigint not null default 0,
    tokens_input       bigint,
    tokens_cached      bigint,
    tokens_cache_write bigint,
    tokens_output      bigint,
    tokens_reasoning   bigint,
    charged_input      bigint not null default 0,
    charged_output     bigint not null default 0,
    is_estimated       boolean not null default false,
    price_id           uuid,
    estimated_cost     numeric,
    time_to_first_token_ms integer,
    latency_ms         integer,
    error_code         text,
    created_at         timestamptz not null default now(),
    opened_at          timestamptz,
    lease_until        timestamptz not null,
    settled_at         timestamptz,
    primary key (customer_id, id)
) with (fillfactor = 80);
create index ai_requests_open on ai_requests (customer_id, user_id, lease_until) where state = 'reserved';
create index ai_requests_tests on ai_requests (customer_id, user_id, created_at) where purpose = 'test';
call isolate('ai_requests', 'select, insert, update');

-- The roll-up of the ledger by local day; `aidecamp usage verify` recomputes it.
create table ai_token_usage (
    customer_id     uuid not null references customers on delete cascade,
    id              uuid not null default gen_random_uuid(),
    user_id         uuid not null,
    ai_provider_id  uuid,
    provider_type   text,
    model           text not null,
    purpose         text not null,
    date            date not null,
    input_tokens    bigint not null default 0,
    output_tokens   bigint not null default 0,
    request_count   bigint not null default 0,
    estimated_cost  numeric,
    unpriced_tokens bigint not null default 0,
    primary key (customer_id, id),
    unique nulls not distinct (customer_id, user_id, date, ai_provider_id, provider_type, model, purpose)
) with (fillfactor = 80);
create index ai_token_usage_by_day on ai_token_usage (customer_id, date);
call isolate('ai_token_usage', 'select, insert, update');
