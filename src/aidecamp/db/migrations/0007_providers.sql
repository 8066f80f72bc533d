-- A person's connections to models. api_key is a pgcrypto message around a ciphertext of ours, never a key.

create table ai_providers (
    customer_id   uuid not null,
    id            uuid not null,
    user_id       uuid not null,
    name          varchar(100) not null check (name <> ''),
    provider_type varchar(50) not null
                  check (provider_type in ('openai', 'anthropic', 'ollama', 'azure_openai', 'custom')),
    api_endpoint  text check (length(api_endpoint) <= 2048),
    api_key       text,
    key_id        text,
    key_hint      varchar(4),
    model_name    varchar(100) not null check (model_name <> ''),
    config        jsonb not null default '{}',
    capabilities  jsonb not null default '{}',
    is_default    boolean not null default false,
    is_active     boolean not null default true,
    last_test     jsonb,
    version       integer not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (customer_id, id),
    foreign key (customer_id, user_id) references users on delete cascade,
    check ((api_key is null) = (key_id is null)),
    check (is_active or not is_default)
);
create unique index ai_providers_default on ai_providers (customer_id, user_id) where is_default;
create index ai_providers_of_user on ai_providers (customer_id, user_id, id);
call isolate('ai_providers');

-- Fingerprints of the master keys in use, so that a wrong one is noticed before it seals or loses anything.
create table master_key_checks (
    kid         text primary key,
    check_value bytea not null,
    created_at  timestamptz not null default now()
);
call leave_outside('master_key_checks', 'select, insert, delete', 'the master key is checked at start, before any customer');
