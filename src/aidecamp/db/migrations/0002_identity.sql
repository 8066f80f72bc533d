create table customers (
    customer_id uuid primary key,
    name        text not null check (length(name) between 1 and 200),
    timezone    text not null default 'UTC',
    is_active   boolean not null default true,
    settings    jsonb not null default '{}',
    created_at  timestamptz not null default now()
);
call isolate('customers');

create table users (
    customer_id   uuid not null references customers on delete cascade,
    id            uuid not null,
    email         text not null check (length(email) between 3 and 254),
    name          text not null default '',
    role          text not null check (role in ('viewer', 'user', 'support', 'manager', 'admin', 'owner')),
    password_hash text,
    is_active     boolean not null default true,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (customer_id, id)
);
create unique index users_email on users (customer_id, lower(email));
call isolate('users');

create table sessions (
    customer_id uuid not null,
    id          uuid not null,
    user_id     uuid not null,
    key_hash    bytea not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, user_id) references users on delete cascade
);
create index sessions_of_user on sessions (customer_id, user_id);
call isolate('sessions');

create table tokens (
    customer_id  uuid not null,
    id           uuid not null,
    user_id      uuid not null,
    name         text not null,
    key_hash     bytea not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    primary key (customer_id, id),
    foreign key (customer_id, user_id) references users on delete cascade
);
create index tokens_of_user on tokens (customer_id, user_id);
call isolate('tokens');

-- Guessing is slowed by account and by address before any customer is known; keys are hashes.
create table sign_in_throttle (
    key_hash   bytea primary key,
    tokens     double precision not null,
    updated_at timestamptz not null default now()
);
call leave_outside('sign_in_throttle', 'select, insert, update, delete', 'password guessing is counted before a customer is known');
