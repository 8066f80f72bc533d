-- Word between workers (stop this turn, this token is revoked): ids only, kept for minutes.
create table signals (
    id      uuid primary key,
    topic   text not null,
    payload jsonb not null,
    at      timestamptz not null default clock_timestamp()
);
create index signals_by_time on signals (at);
call leave_outside('signals', 'select, insert, delete', 'workers hear of ids before a customer is known');
