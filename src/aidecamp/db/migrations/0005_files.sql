-- Uploads, rejected rows and exports, as chunks: a local disk is unseen by the next server.
create table files (
    customer_id uuid not null references customers on delete cascade,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 255),
    purpose     text not null check (purpose in ('import', 'rejects', 'export')),
    bytes       bigint not null default 0,
    is_complete boolean not null default false,
    created_by  uuid,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, created_by) references users on delete set null (created_by)
);
create index files_of_user on files (customer_id, created_by);
create index files_by_expiry on files (customer_id, expires_at);
call isolate('files');

create table file_chunks (
    customer_id uuid not null,
    file_id     uuid not null,
    position    integer not null,
    data        bytea not null check (length(data) between 1 and 1048576),
    primary key (customer_id, file_id, position),
    foreign key (customer_id, file_id) references files on delete cascade
);
-- Chunks are written once and read once: compressing them would cost more than it saves.
alter table file_chunks alter column data set storage external;
call isolate('file_chunks');
