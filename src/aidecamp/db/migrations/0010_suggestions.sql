-- What a model proposed, what became of it, and how to take that back. A proposal outlives its conversation:
-- the draft that it became has to say where it comes from, and undo has to work days later.
create table ai_suggestions (
    customer_id     uuid not null,
    id              uuid not null,
    conversation_id uuid,
    message_id      uuid,
    user_id         uuid not null,
    suggestion_type varchar(50) not null,
    title           varchar(255) not null check (title <> ''),
    content         jsonb not null,
    reasoning       text not null default '',
    confidence      numeric check (confidence between 0 and 1),
    status          varchar(50) not null default 'pending'
                    check (status in ('pending', 'accepted', 'rejected', 'applied')),
    checks          jsonb not null default '[]',
    -- Host names that the person gave, in the question or by editing: links to others are taken for invented.
    given_links     text[] not null default '{}',
    applied_to_id   uuid,
    applied_to_kind text check (applied_to_kind in ('campaign', 'plan', 'audience')),
    effect          jsonb,
    applied_at      timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (customer_id, id),
    foreign key (customer_id, user_id) references users on delete cascade,
    foreign key (customer_id, conversation_id) references ai_conversations on delete set null (conversation_id),
    foreign key (customer_id, message_id) references ai_messages on delete set null (message_id),
    check ((status = 'applied') = (applied_to_id is not null and applied_to_kind is not null and effect is not null))
);
create index ai_suggestions_of_user on ai_suggestions (customer_id, user_id, status, id);
create index ai_suggestions_applied on ai_suggestions (customer_id, id) where status = 'applied';
create index ai_suggestions_of_conversation on ai_suggestions (customer_id, conversation_id, id);
create index ai_suggestions_of_message on ai_suggestions (customer_id, message_id);
call isolate('ai_suggestions');
