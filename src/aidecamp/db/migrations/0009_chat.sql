create table ai_conversations (
    customer_id    uuid not null,
    id             uuid not null,
    user_id        uuid not null,
    ai_provider_id uuid,
    title          varchar(255) not null default '',
    context_type   varchar(50) not null check (context_type in ('campaign', 'analytics', 'strategy', 'content')),
    context_ref    jsonb,
    -- What the model was last shown of the workspace, with the time it was taken.
    context_data   jsonb not null default '{}',
    is_archived    boolean not null default false,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (customer_id, id),
    foreign key (customer_id, user_id) references users on delete cascade,
    foreign key (customer_id, ai_provider_id) references ai_providers on delete set null (ai_provider_id)
);
create index ai_conversations_of_user on ai_conversations (customer_id, user_id, id);
create index ai_conversations_of_provider on ai_conversations (customer_id, ai_provider_id);
call isolate('ai_conversations');

-- One row for a question, one for its answer. An answer that is being written is 'streaming'; its lease is
-- the row of kind 'turn' in `due`, and its text so far is in turn_journal.
create table ai_messages (
    customer_id     uuid not null,
    id              uuid not null,
    conversation_id uuid not null,
    user_id         uuid not null,
    role            varchar(20) not null check (role in ('user', 'assistant', 'system')),
    content         text not null default '',
    tokens_input    bigint,
    tokens_cached   bigint,
    tokens_output   bigint,
    model_used      varchar(100),
    latency_ms      integer,
    time_to_first_token_ms integer,
    estimated_cost  numeric,
    status          text not null check (status in ('streaming', 'complete', 'stopped', 'interrupted', 'failed')),
    error_code      text,
    is_estimated    boolean not null default false,
    finish_reason   text,
    ai_provider_id  uuid,
    -- The ledger's row that this answer has open; no foreign key, since the books outlive the conversation.
    request_id      uuid,
    question_id     uuid,
    created_at      timestamptz not null default now(),
    primary key (customer_id, id),
    foreign key (customer_id, conversation_id) references ai_conversations on delete cascade,
    foreign key (customer_id, user_id) references users on delete cascade,
    foreign key (customer_id, ai_provider_id) references ai_providers on delete set null (ai_provider_id),
    foreign key (customer_id, question_id) references ai_messages on delete cascade
);
create index ai_messages_of_conversation on ai_messages (customer_id, conversation_id, id);
create index ai_messages_of_user on ai_messages (customer_id, user_id);
create index ai_messages_of_provider on ai_messages (customer_id, ai_provider_id);
create index ai_messages_of_question on ai_messages (customer_id, question_id);
call isolate('ai_messages');

-- The events of running and recent answers, for readers on other workers and for resuming. One row holds
-- the events of one flush, so that the work does not grow with the number of tokens; `seq` is its last one.
create table turn_journal (
    customer_id uuid not null,
    message_id  uuid not null,
    seq         bigint not null,
    events      text not null,
    created_at  timestamptz not null default now(),
    primary key (customer_id, message_id, seq),
    foreign key (customer_id, message_id) references ai_messages on delete cascade
);
call isolate('turn_journal', 'select, insert, delete');
