create type channel as enum ('email', 'sms', 'social');
create type event_kind as enum
    ('sent', 'delivered', 'opened', 'clicked', 'converted', 'unsubscribed', 'bounced', 'purchased');

create table audiences (
    customer_id uuid not null references customers on delete cascade,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 200),
    description text not null default '',
    rules       jsonb,
    created_by  uuid,
    version     integer not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (customer_id, id),
    unique (customer_id, name),
    foreign key (customer_id, created_by) references users on delete set null (created_by)
);
create index audiences_of_user on audiences (customer_id, created_by);
call isolate('audiences');

create table plans (
    customer_id uuid not null references customers on delete cascade,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 200),
    steps       jsonb not null,
    created_by  uuid,
    suggestion_id uuid,
    created_at  timestamptz not null default now(),
    primary key (customer_id, id),
    foreign key (customer_id, created_by) references users on delete set null (created_by)
);
create index plans_of_user on plans (customer_id, created_by);
call isolate('plans');

create table campaigns (
    customer_id   uuid not null references customers on delete cascade,
    id            uuid not null,
    key           text check (length(key) between 1 and 200),
    name          text not null check (length(name) between 1 and 200),
    channel       channel not null,
    status        text not null default 'draft' check (status in ('draft', 'scheduled', 'sent')),
    content       jsonb not null default '{}',
    audience_id   uuid,
    audience      text,
    send_time     text,
    sent_at       timestamptz,
    created_by    uuid,
    plan_id       uuid,
    plan_step     integer,
    suggestion_id uuid,
    is_simulated  boolean not null default false,
    version       integer not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (customer_id, id),
    unique (customer_id, key),
    foreign key (customer_id, audience_id) references audiences on delete set null (audience_id),
    foreign key (customer_id, plan_id) references plans on delete set null (plan_id),
    foreign key (customer_id, created_by) references users on delete set null (created_by)
);
create index campaigns_of_user on campaigns (customer_id, created_by);
create index campaigns_of_audience on campaigns (customer_id, audience_id);
create index campaigns_of_plan on campaigns (customer_id, plan_id);
call isolate('campaigns');

-- Which suggestion was put to work, and how to take it back: the same key never makes a second draft.
create table applied_drafts (
    customer_id uuid not null references customers on delete cascade,
    key         uuid not null,
    campaign_id uuid,
    plan_id     uuid,
    effect      jsonb,
    created_at  timestamptz not null default now(),
    primary key (customer_id, key),
    foreign key (customer_id, campaign_id) references campaigns on delete cascade,
    foreign key (customer_id, plan_id) references plans on delete cascade
);
create index applied_drafts_of_campaign on applied_drafts (customer_id, campaign_id);
create index applied_drafts_of_plan on applied_drafts (customer_id, plan_id);
call isolate('applied_drafts');

-- Consent: null = never asked. An import may answer the question once; it never turns a no into a yes.
create table contacts (
    customer_id     uuid not null references customers on delete cascade,
    id              uuid not null,
    key             text,
    email           text,
    phone           text,
    first_name      text,
    last_name       text,
    attributes      jsonb,
    email_consent   boolean,
    sms_consent     boolean,
    last_engaged_at timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (customer_id, id),
    check (num_nonnulls(key, email, phone) > 0)
);
create unique index contacts_key on contacts (customer_id, key) where key is not null;
create unique index contacts_email on contacts (customer_id, email) where email is not null;
create unique index contacts_phone on contacts (customer_id, phone)
    where key is null and email is null;
call isolate('contacts');

create table audience_members (
    customer_id uuid not null,
    audience_id uuid not null,
    contact_id  uuid not null,
    primary key (customer_id, audience_id, contact_id),
    foreign key (customer_id, audience_id) references audiences on delete cascade,
    foreign key (customer_id, contact_id) references contacts on delete cascade
);
create index audience_members_of_contact on audience_members (customer_id, contact_id);
call isolate('audience_members');

-- The big table. An id begins with the event's time and ends with a digest of what happened, so that the
-- primary key is at once the order in time and what makes a second import of the same file change nothing.
-- It is the only index: a second would double the cost of an import, and what asks for one contact's events
-- (erasure, export) is a job that may read the customer's range once.
create table events (
    customer_id uuid not null,
    id          uuid not null,
    contact_id  uuid,
    campaign_id uuid,
    occurred_at timestamptz not null,
    kind        event_kind not null,
    channel     channel,
    value       numeric(14, 2),
    primary key (customer_id, id)
);
call isolate('events');

-- Counts by the customer's local day and hour, and by campaign: kept in step by imports and always
-- computable from events. '' is "no channel".
create table event_days (
    customer_id uuid not null references customers on delete cascade,
    day         date not null,
    hour        smallint not null check (hour between 0 and 23),
    kind        event_kind not null,
    channel     text not null,
    count       bigint not null,
    revenue     numeric(18, 2) not null default 0,
    primary key (customer_id, day, hour, kind, channel)
);
call isolate('event_days');

create table campaign_counts (
    customer_id uuid not null,
    campaign_id uuid not null,
    kind        event_kind not null,
    count       bigint not null,
    revenue     numeric(18, 2) not null default 0,
    primary key (customer_id, campaign_id, kind),
    foreign key (customer_id, campaign_id) references campaigns on delete cascade
);
call isolate('campaign_counts');

-- A foreign key on events would look up two rows for each event imported. Instead whoever is deleted takes
-- the events along in one statement; imports hold a lock on the contacts and campaigns they name.
create function forget_events() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'contacts' then
        delete from events e using gone g
            where e.customer_id = g.customer_id and e.contact_id = g.id;
    else
        delete from events e using gone g where e.customer_id = g.customer_id;
    end if;
    return null;
end $$;
create trigger forget_events after delete on contacts
    referencing old table as gone for each statement execute function forget_events();
create trigger forget_events after delete on customers
    referencing old table as gone for each statement execute function forget_events();

create table imports (
    customer_id uuid not null references customers on delete cascade,
    id          uuid not null,
    kind        text not null check (kind in ('contacts', 'events', 'campaigns')),
    file_name   text not null,
    file_id     uuid,
    rejected_id uuid,
    status      text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    progress    real not null default 0 check (progress between 0 and 1),
    read        bigint not null default 0,
    created     bigint not null default 0,
    updated     bigint not null default 0,
    unchanged   bigint not null default 0,
    rejected    bigint not null default 0,
    notes       jsonb not null default '[]',
    error       text,
    created_by  uuid,
    created_at  timestamptz not null default now(),
    started_at  timestamptz,
    finished_at timestamptz,
    primary key (customer_id, id),
    foreign key (customer_id, file_id) references files on delete set null (file_id),
    foreign key (customer_id, rejected_id) references files on delete set null (rejected_id),
    foreign key (customer_id, created_by) references users on delete set null (created_by)
);
create index imports_of_user on imports (customer_id, created_by);
create index imports_of_file on imports (customer_id, file_id);
create index imports_of_rejected on imports (customer_id, rejected_id);
call isolate('imports');
