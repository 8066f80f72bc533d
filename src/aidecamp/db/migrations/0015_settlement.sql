-- How a reservation ends: exactly once by its own process, or by the sweeper, whose estimate a late
-- settlement corrects. Locks are taken in the order customer, user, id, as in admission.

-- These are plpgsql although a line of SQL would do: PostgreSQL plans an SQL function again at every call.

-- The rate of one kind for a request of this size; tiers begin above their threshold.
create function rate_for(rates jsonb, kind text, input bigint) returns numeric
    language plpgsql immutable parallel safe as $$
declare
    tier jsonb;
    rate numeric;
begin
    for tier in select * from jsonb_array_elements(rates -> kind) loop
        if (tier ->> 0)::bigint = 0 or (tier ->> 0)::bigint < input then
            rate := (tier ->> 1)::numeric;
        end if;
    end loop;
    return rate;
end $$;

-- The same sum as metering/pricing.py: cost. Unknown (null) without rates; cached input without a rate of
-- its own costs what other input costs.
create function cost_of(rates jsonb, input bigint, cached bigint, written bigint, output bigint) returns numeric
    language plpgsql immutable parallel safe as $$
declare
    plain constant numeric := rate_for(rates, 'input', input);
    c constant bigint := least(coalesce(cached, 0), input);
    w constant bigint := least(coalesce(written, 0), greatest(input - coalesce(cached, 0), 0));
begin
    return (greatest(input - c - w, 0) * plain
            + c * coalesce(rate_for(rates, 'cached', input), plain)
            + w * coalesce(rate_for(rates, 'cache_write', input), plain)
            + output * rate_for(rates, 'output', input)) / 1000000;
end $$;

create type call_outcome as (
    id uuid, customer_id uuid, user_id uuid, state text, tokens_input bigint, tokens_cached bigint,
    tokens_cache_write bigint, tokens_output bigint, tokens_reasoning bigint, charged_input bigint,
    charged_output bigint, is_estimated boolean, first_token_ms integer, latency_ms integer, error_code text,
    provisional boolean);

-- Moves what was held to what was used, and notes the first time that a mark is passed.
create function count_usage(r ai_requests, kind text, first date, delta bigint, freed bigint) returns void
    language plpgsql as $$
declare
    w usage_windows;
begin
    update usage_windows set used = used + delta, reserved = reserved - freed
     where customer_id = r.customer_id and period = kind and starts_on = first and user_id = r.user_id
    returning * into w;
    if w.quota > 0 and w.used * 100 >= w.quota * 80 then
        insert into quota_alerts (customer_id, user_id, period, starts_on, percent, quota, used)
        select w.customer_id, w.user_id, kind, first, mark.percent, w.quota, w.used
          from (values (80), (100)) as mark (percent) where w.used * 100 >= w.quota * mark.percent
            on conflict do nothing;
    end if;
end $$;

create function roll_up(was ai_requests, is_now ai_requests, unpriced boolean) returns void
    language plpgsql as $$
declare
    input constant bigint := is_now.charged_input - was.charged_input;
    output constant bigint := is_now.charged_output - was.charged_output;
    calls constant integer := (is_now.state in ('settled', 'expired'))::integer
                            - (was.state in ('settled', 'expired'))::integer;
begin
    if calls = 0 and input = 0 and output = 0 then
        return;
    end if;
    insert into ai_token_usage as u (customer_id, user_id, date, ai_provider_id, provider_type, model, purpose,
            input_tokens, output_tokens, request_count, estimated_cost, unpriced_tokens)
    values (is_now.customer_id, is_now.user_id, is_now.day, is_now.ai_provider_id, is_now.provider_type,
            is_now.model, is_now.purpose, input, output, calls,
            is_now.estimated_cost - coalesce(was.estimated_cost, 0),
            case when unpriced then input + output else 0 end)
        on conflict (customer_id, user_id, date, ai_provider_id, provider_type, model, purpose) do update
       set input_tokens = u.input_tokens + excluded.input_tokens,
           output_tokens = u.output_tokens + excluded.output_tokens,
           request_count = u.request_count + excluded.request_count,
           estimated_cost = coalesce(u.estimated_cost + excluded.estimated_cost,
                                     u.estimated_cost, excluded.estimated_cost),
           unpriced_tokens = u.unpriced_tokens + excluded.unpriced_tokens;
end $$;

-- A provisional ending is somebody else's guess about a call whose process is silent; the process itself
-- may still come back and correct it, once.
create function close_call(q call_outcome, by_sweeper boolean) returns ai_requests
    language plpgsql as $$
declare
    was ai_requests;
    is_now ai_requests;
    price jsonb;
    delta bigint;
    freed bigint;
begin
    perform lock_account(q.customer_id, q.user_id);
    select * into was from ai_requests where customer_id = q.customer_id and id = q.id for no key update;
    if not found or (was.state <> 'reserved' and (by_sweeper or not was.swept))
       or (by_sweeper and was.lease_until > now()) then
        return was;
    end if;
    select rates into price from prices where id = was.price_id;
    update ai_requests r
       set state = q.state, swept = q.provisional, tokens_input = q.tokens_input, tokens_cached = q.tokens_cached,
           tokens_cache_write = q.tokens_cache_write, tokens_output = q.tokens_output,
           tokens_reasoning = q.tokens_reasoning, charged_input = q.charged_input,
           charged_output = q.charged_output, is_estimated = q.is_estimated,
           estimated_cost = case when price is not null then
               cost_of(price, q.charged_input, q.tokens_cached, q.tokens_cache_write, q.charged_output) end,
           time_to_first_token_ms = q.first_token_ms, latency_ms = q.latency_ms, error_code = q.error_code,
           opened_at = case when q.state = 'settled' then coalesce(r.opened_at, r.created_at) else r.opened_at end,
           settled_at = now()
     where r.customer_id = q.customer_id and r.id = q.id
    returning * into is_now;
    delta := is_now.charged_input + is_now.charged_output - was.charged_input - was.charged_output;
    freed := case was.state when 'reserved' then was.reserved else 0 end;
    perform count_usage(was, 'day', was.day, delta, freed);
    perform count_usage(was, 'month', was.month, delta, freed);
    perform roll_up(was, is_now, is_now.estimated_cost is null);
    return is_now;
end $$;

create function settle_calls(
    ids uuid[], customers uuid[], people uuid[], states text[], inputs bigint[], cached bigint[],
    written bigint[], outputs bigint[], reasoning bigint[], charged_inputs bigint[], charged_outputs bigint[],
    estimated boolean[], first_token integer[], latency integer[], errors text[], provisional boolean[])
    returns setof ai_requests language plpgsql
    set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    outer_customer constant text := current_setting('app.customer', true);
    at_customer uuid;
    q call_outcome;
begin
    for q in select * from unnest(ids, customers, people, states, inputs, cached, written, outputs, reasoning,
                                  charged_inputs, charged_outputs, estimated, first_token, latency, errors, provisional)
                  as ended (id, customer_id, user_id) order by customer_id, user_id, id
    loop
        if at_customer is distinct from q.customer_id then
            at_customer := q.customer_id;
            perform set_config('app.customer', at_customer::text, true);
        end if;
        return next close_call(q, false);
    end loop;
    perform set_config('app.customer', coalesce(outer_customer, ''), true);
end $$;

-- What an expired call is charged: nothing if it was never sent, else its input and what was shown of its
-- answer, at three bytes a token so that the guess errs upwards.
create function expiry_of(r ai_requests) returns call_outcome
    language plpgsql immutable as $$
declare
    sent constant boolean := r.opened_at is not null;
    output constant bigint := case when sent then least((r.shown_bytes + 2) / 3, r.max_output) else 0 end;
    input constant bigint := case when sent then r.estimated_input else 0 end;
begin
    return (r.id, r.customer_id, r.user_id, case when sent then 'expired' else 'released' end,
            input, 0, 0, output, null, input, output, sent, null, null, 'interrupted', true)::call_outcome;
end $$;

-- Two sweepers share the work: what one has claimed, or whose user is busy, the other leaves for later.
create function sweep_leases(most integer) returns integer
    language plpgsql as $$
declare
    watched uuid;
    r ai_requests;
    next_lease timestamptz;
    closed integer := 0;
begin
    for watched in
        with claimed as (
            delete from due where (kind, customer_id, object_id) in (
                select kind, customer_id, object_id from due where kind = 'lease' and due_at <= now()
                 order by due_at limit most for update skip locked)
            returning customer_id)
        select distinct customer_id from claimed order by customer_id
    loop
        perform set_config('app.customer', watched::text, true);
        for r in select * from ai_requests a where a.customer_id = watched and a.state = 'reserved'
                    and a.lease_until <= now() order by a.user_id, a.id
        loop
            perform 1 from metering_accounts a where a.customer_id = watched and a.user_id = r.user_id
               for no key update skip locked;
            if found then
                r := close_call(expiry_of(r), true);
                closed := closed + (r.swept)::integer;
            end if;
        end loop;
        select min(lease_until) into next_lease
          from ai_requests a where a.customer_id = watched and a.state = 'reserved';
        if next_lease is not null then
            perform watch_leases(watched, next_lease - interval '60 s');
        end if;
    end loop;
    perform set_config('app.customer', '', true);
    return closed;
end $$;
