-- The ledger's statements: each takes arrays, so that calls of several customers that arrive together share
-- one round trip and one commit. All of them take locks in the order customer, user, id: two batches can't
-- deadlock. They run with the serving role's own rights and set the customer before each customer's rows.
-- A plan is kept for the life of a connection; one made while a table was empty would scan it for ever, so
-- sequential scans are off.

create function local_midnight(day date, zone text) returns timestamptz
    language sql stable parallel safe as $$
    -- Where clocks go back over midnight it comes twice; the day begins with the first one.
    select case when ((t - interval '1 hour') at time zone zone)::date >= day then t - interval '1 hour' else t end
      from (select day::timestamp at time zone zone) as midnight (t)
$$;

create function effective_limits(customer uuid, person uuid)
    returns table (daily bigint, monthly bigint, day date, month date, zone text)
    language sql stable as $$
    select case when p.role = 'viewer' or not p.is_active then 0
                when o.user_id is not null then o.daily
                when r.role is not null then r.daily else d.daily end,
           case when p.role = 'viewer' or not p.is_active then 0
                when o.user_id is not null then o.monthly
                when r.role is not null then r.monthly else d.monthly end,
           (now() at time zone k.timezone)::date,
           date_trunc('month', now() at time zone k.timezone)::date,
           k.timezone
      from users p
      join customers k on k.customer_id = p.customer_id
      join default_limits() d on d.role = p.role
      left join role_limits r on r.customer_id = p.customer_id and r.role = p.role
      left join user_limits o on o.customer_id = p.customer_id and o.user_id = p.id
                             and (o.expires_at is null or o.expires_at > now())
     where p.customer_id = customer and p.id = person
$$;

create function lock_account(customer uuid, person uuid) returns metering_accounts
    language plpgsql as $$
declare
    account metering_accounts;
begin
    select * into account from metering_accounts
     where customer_id = customer and user_id = person for no key update;
    if not found then
        insert into metering_accounts (customer_id, user_id) values (customer, person) on conflict do nothing;
        select * into account from metering_accounts
         where customer_id = customer and user_id = person for no key update;
    end if;
    return account;
end $$;

create function open_window(customer uuid, person uuid, kind text, first date) returns usage_windows
    language plpgsql as $$
declare
    found_window usage_windows;
begin
    loop
        select * into found_window from usage_windows
         where customer_id = customer and user_id = person and period = kind and starts_on = first;
        exit when found;
        insert into usage_windows (customer_id, user_id, period, starts_on)
        values (customer, person, kind, first) on conflict do nothing;
    end loop;
    return found_window;
end $$;

-- Tells the sweeper when to look at this customer, in steps of 15 s: one row however many calls.
create function watch_leases(customer uuid, made timestamptz) returns void
    language plpgsql as $$
declare
    step constant bigint := floor(extract(epoch from made) / 15);
begin
    insert into due (kind, customer_id, object_id, due_at)
    values ('lease', customer, lpad(to_hex(step), 32, '0')::uuid,
            to_timestamp((step + 1) * 15) + interval '60 s') on conflict do nothing;
end $$;

create type call_request as (
    id uuid, customer_id uuid, user_id uuid, provider_id uuid, conversation_id uuid, provider_type text,
    model text, purpose text, input bigint, output bigint, bytes bigint, is_first boolean, price_id uuid,
    entry_id uuid, role text, via text);

create type verdict as (
    id uuid, outcome text, max_output bigint, quota_window text, quota_limit bigint, quota_used bigint,
    quota_reserved bigint, resets_at timestamptz, wait double precision);

create function admit_call(q call_request, cap customer_limits, per_minute double precision, streams integer)
    returns verdict language plpgsql as $$
declare
    least_useful_output constant bigint := 16;
    tests_per_minute constant integer := 5;
    account metering_accounts := lock_account(q.customer_id, q.user_id);
    rule record;
    day_window usage_windows;
    month_window usage_windows;
    tokens double precision;
    room bigint;
    v verdict;
begin
    v.id := q.id;
    if q.is_first and per_minute > 0 then
        tokens := least(greatest(per_minute / 2, 1), account.bucket
                        + greatest(extract(epoch from now() - account.bucket_at), 0) * per_minute / 60);
        if tokens < 1 then
            v.outcome := 'rate'; v.wait := (1 - tokens) * 60 / per_minute;
            return v;
        end if;
        update metering_accounts set bucket = tokens - 1, bucket_at = greatest(bucket_at, now())
         where customer_id = q.customer_id and user_id = q.user_id;
    end if;
    if q.is_first and streams > 0 and streams <= (
        select count(*) from ai_requests r where r.customer_id = q.customer_id and r.user_id = q.user_id
           and r.state = 'reserved' and r.lease_until > now()) then
        v.outcome := 'streams'; v.wait := 5;
        return v;
    end if;
    if q.is_first and q.purpose = 'test' and tests_per_minute <= (
        select count(*) from ai_requests r where r.customer_id = q.customer_id and r.user_id = q.user_id
           and r.purpose = 'test' and r.is_first and r.created_at > now() - interval '1 minute') then
        v.outcome := 'rate'; v.wait := 30;
        return v;
    end if;

    select * into rule from effective_limits(q.customer_id, q.user_id);
    if not found then
        -- Someone who is no longer here has nothing left; the reset says when to look again.
        v.outcome := 'quota'; v.quota_window := 'daily'; v.quota_limit := 0; v.quota_used := 0;
        v.quota_reserved := 0; v.resets_at := now() + interval '1 day';
        return v;
    end if;
    day_window := open_window(q.customer_id, q.user_id, 'day', rule.day);
    month_window := open_window(q.customer_id, q.user_id, 'month', rule.month);
    for v.quota_window, v.quota_limit, v.quota_used, v.quota_reserved in
        select 'monthly', rule.monthly, month_window.used, month_window.reserved
        union all select 'daily', rule.daily, day_window.used, day_window.reserved
        union all select 'monthly', cap.monthly, sum(used)::bigint, sum(reserved)::bigint from usage_windows
            where cap.monthly is not null and customer_id = q.customer_id
              and period = 'month' and starts_on = rule.month
        union all select 'daily', cap.daily, sum(used)::bigint, sum(reserved)::bigint from usage_windows
            where cap.daily is not null and customer_id = q.customer_id
              and period = 'day' and starts_on = rule.day
    loop
        room := least(room, v.quota_limit - v.quota_used - v.quota_reserved);
        if room < q.input + least(q.output, least_useful_output) then
            v.outcome := 'quota';
            v.resets_at := case v.quota_window when 'daily' then local_midnight(rule.day + 1, rule.zone)
                else local_midnight((rule.month + interval '1 month')::date, rule.zone) end;
            return v;
        end if;
    end loop;

    v.outcome := 'admitted';
    v.max_output := least(q.output, room - q.input);
    update usage_windows set reserved = reserved + q.input + v.max_output, quota = rule.daily
     where customer_id = q.customer_id and period = 'day' and starts_on = rule.day and user_id = q.user_id;
    update usage_windows set reserved = reserved + q.input + v.max_output, quota = rule.monthly
     where customer_id = q.customer_id and period = 'month' and starts_on = rule.month and user_id = q.user_id;
    insert into ai_requests (customer_id, id, user_id, ai_provider_id, conversation_id, provider_type, model,
            purpose, is_first, day, month, estimated_input, max_output, request_bytes, price_id, lease_until)
    values (q.customer_id, q.id, q.user_id, q.provider_id, q.conversation_id, q.provider_type, q.model,
            q.purpose, q.is_first, rule.day, rule.month, q.input, v.max_output, q.bytes, q.price_id,
            now() + interval '60 s');
    return v;
end $$;

-- The trail entry of a call, admitted or refused, exactly as audit.py writes one, in the same commit. The
-- ledger row that it names is closed by settlement.
create function record_call(q call_request, v verdict) returns void
    language plpgsql as $$
begin
    with entry as (
        insert into audit_entries (customer_id, id, actor_id, role, via, action, object_kind, object_id, outcome, facts)
        values (q.customer_id, q.entry_id, q.user_id, q.role, q.via, 'model.call', 'ai_request', q.id,
                case v.outcome when 'admitted' then 'ok' when 'quota' then 'quota_exceeded' else 'rate_limited' end,
                jsonb_build_object('purpose', q.purpose, 'provider_id', q.provider_id,
                                   'tokens_input', q.input, 'max_output', v.max_output)))
    insert into due (kind, customer_id, object_id, due_at) values ('audit', q.customer_id, q.entry_id, now());
end $$;

-- With `again`, a request that an earlier, unanswered try admitted is found instead of made twice.
create function admit_calls(
    ids uuid[], customers uuid[], people uuid[], providers uuid[], conversations uuid[], types text[],
    models text[], purposes text[], inputs bigint[], outputs bigint[], bytes bigint[], firsts boolean[],
    price_ids uuid[], entry_ids uuid[], roles text[], vias text[], per_minute double precision,
    streams integer, again boolean)
    returns setof verdict language plpgsql
    set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    outer_customer constant text := current_setting('app.customer', true);
    at_customer uuid;
    cap customer_limits;
    q call_request;
    v verdict;
begin
    for q in select * from unnest(ids, customers, people, providers, conversations, types, models, purposes,
                                  inputs, outputs, bytes, firsts, price_ids, entry_ids, roles, vias)
                  as asked (id, customer_id, user_id) order by customer_id, user_id, id
    loop
        if at_customer is distinct from q.customer_id then
            at_customer := q.customer_id;
            perform set_config('app.customer', at_customer::text, true);
            perform watch_leases(at_customer, now());
            select * into cap from customer_limits where customer_id = at_customer for no key update;
        end if;
        v := null;
        if again then
            select r.id, 'admitted', r.max_output into v.id, v.outcome, v.max_output
              from ai_requests r where r.customer_id = q.customer_id and r.id = q.id;
        end if;
        if v.id is null then
            v := admit_call(q, cap, per_minute, streams);
            perform record_call(q, v);
        end if;
        return next v;
    end loop;
    perform set_config('app.customer', coalesce(outer_customer, ''), true);
end $$;

-- The first call that shows bytes, or only that it was sent, marks it opened; each renews the lease.
create function renew_leases(ids uuid[], customers uuid[], people uuid[], shown bigint[]) returns void
    language plpgsql as $$
declare
    outer_customer constant text := current_setting('app.customer', true);
    renewed record;
begin
    for renewed in select * from unnest(ids, customers, people, shown) as running (id, customer_id, user_id, bytes)
                    order by customer_id, user_id, id
    loop
        perform set_config('app.customer', renewed.customer_id::text, true);
        update ai_requests r set opened_at = coalesce(opened_at, now()), lease_until = now() + interval '60 s',
               shown_bytes = greatest(shown_bytes, renewed.bytes)
         where r.customer_id = renewed.customer_id and r.id = renewed.id and r.state = 'reserved';
    end loop;
    perform set_config('app.customer', coalesce(outer_customer, ''), true);
end $$;
