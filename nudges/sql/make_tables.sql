-- The tables of one run of deciding: private to the connection, empty after every transaction. None has an index: a run
-- reads them whole, and what is written again would have to be written to each index again.
-- Made once for a connection: asking is quicker than saying five times that they are there.
-- Room for a chunk in memory, or its rows go to files and back, has to be asked for before the connection's first such
-- table; where it is too late, all goes well but slower.
-- Reads the catalogue, whether the last of them is there. Writes no rows. Returns nothing.
DO $$ BEGIN IF to_regclass('pg_temp.counted') IS NULL THEN

BEGIN
    IF pg_size_bytes(current_setting('temp_buffers')) < pg_size_bytes('32MB') THEN
        PERFORM set_config('temp_buffers', '32MB', false);
    END IF;
EXCEPTION WHEN invalid_parameter_value THEN
    NULL;
END;

CREATE TEMP TABLE considered (  -- the candidates of this run, real or imagined
    candidate_id bigint, workspace_id bigint, customer_id bigint, nudge_id bigint, customer_need_id bigint,
    stage_change_id bigint, broadcast_id bigint, flow_run_id bigint, put_forward_at timestamptz, not_after timestamptz,
    scheduled_at timestamptz  -- set: not decided in this run, but due within the look-ahead
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE ways (  -- the way of each to its customer, or what is missing
    candidate_id bigint, channel text, address text, obstacle text, rule text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE facts (  -- the same, with what is known of each and what stops it before any ranking
    -- first what each round asks of every row: what stands first is found quickest
    candidate_id bigint, customer_id bigint, workspace_id bigint, nudge_id bigint, exempt boolean, counts boolean,
    in_holdout boolean, scheduled_at timestamptz,
    -- the decision: what has a reason is judged, and settled in the end
    reason text, rule text, allowed_at timestamptz,
    -- the way to the customer
    channel text, address text,
    -- the nudge
    category text, interest text, promise text, flow text, category_id bigint, nudge_version integer, broadcast_id bigint,
    put_forward_at timestamptz, not_after timestamptz, priority integer, value double precision, on_cap text,
    -- the customer
    need text, zone text, customer_need_id bigint, stage text, relevance integer,
    is_of_need boolean, stage_change_id bigint, flow_run_id bigint,  -- what it was put forward for
    own_limit integer, paused_until timestamptz, quiet_start time, quiet_end time, own_start time, own_end time,
    send_week int4multirange,  -- minutes of the week in which it may leave; null: in all
    sent_at timestamptz[],  -- of what counts, newest first
    level double precision,  -- of the adaptive cap; null: it is off
    policy_version integer
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE deciding (  -- the same, ranked, with what was decided
    place integer,  -- among the customer's candidates
    message_id bigint, decided_at timestamptz,  -- of what is sent
    LIKE facts,
    "limit" integer, count integer, used_by bigint[], due_at timestamptz, winner_id bigint,
    -- What nothing holds back is sent; in the holdout it would have been.
    verdict text GENERATED ALWAYS AS (coalesce(reason, CASE WHEN in_holdout THEN 'holdout' ELSE 'sent' END)) VIRTUAL,
    outcome text GENERATED ALWAYS AS (
        CASE WHEN due_at IS NOT NULL THEN 'defer' WHEN reason IS NOT NULL OR in_holdout THEN 'suppress' ELSE 'send' END
    ) VIRTUAL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE bearing (  -- the rules that bear on each customer's candidates with that subject
    id bigint, customer_id bigint, candidates integer, zone text,  -- so many have the subject
    rule text, reason text, scope text, subject text, seconds integer, unit text, "limit" integer,
    since timestamptz  -- no older message can count
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE counted (  -- those that may be used up: how much of them is, and what frees when
    id bigint, customer_id bigint, zone text,
    rule text, reason text, scope text, subject text, seconds integer, unit text, "limit" integer,
    count bigint, message_ids bigint[], frees_at timestamptz[]
) ON COMMIT DELETE ROWS;

END IF; END $$
