-- The tables of one run of deciding: private to the connection, empty after every transaction.
-- Reads nothing. Writes no rows. Returns nothing.
CREATE TEMP TABLE IF NOT EXISTS considered (  -- the candidates of this run, real (id > 0) or imagined (id < 0)
    candidate_id bigint PRIMARY KEY, workspace_id bigint, customer_id bigint, nudge_id bigint, customer_need_id bigint,
    stage_change_id bigint, broadcast_id bigint, put_forward_at timestamptz, not_after timestamptz,
    scheduled_at timestamptz  -- set: not decided in this run, but due within the look-ahead
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS deciding (  -- the same, with what is known of each, then what was decided
    candidate_id bigint PRIMARY KEY, workspace_id bigint, customer_id bigint, nudge_id bigint,
    nudge_version integer, broadcast_id bigint, put_forward_at timestamptz, not_after timestamptz,
    scheduled_at timestamptz,
    -- the nudge
    category_id bigint, category text, opt_in boolean, channels text[], interest text, promise text,
    priority integer, value double precision, on_cap text, exempt boolean, counts boolean, flow text,
    -- the customer
    customer_need_id bigint, need text, stage text, relevance integer, zone text, in_holdout boolean,
    own_limit integer, paused_until timestamptz, quiet_start time, quiet_end time, own_start time, own_end time,
    newest_at timestamptz, level double precision,  -- of the adaptive cap; null: it is off
    policy_version integer,
    -- the way to the customer
    channel text, address text,
    -- the decision: place among the customer's candidates; what has a reason is judged, and settled in the end
    place integer, outcome text, reason text, rule text, "limit" integer, count integer, used_by bigint[],
    allowed_at timestamptz, due_at timestamptz, winner_id bigint, message_id bigint, decided_at timestamptz
) WITH (fillfactor = 40) ON COMMIT DELETE ROWS;  -- room for the changes of each row beside it
CREATE TEMP TABLE IF NOT EXISTS bearing (  -- the rules that bear on each candidate
    id integer GENERATED ALWAYS AS IDENTITY,
    candidate_id bigint, rule text, reason text, scope text, subject text, seconds integer, unit text, "limit" integer,
    reach interval  -- no message older than this can count
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS counted (  -- how much of them is used, and what frees when
    id integer, place integer,
    candidate_id bigint, rule text, reason text, scope text, subject text, seconds integer, unit text, "limit" integer,
    count bigint, message_ids bigint[], frees_at timestamptz[]
) ON COMMIT DELETE ROWS;
CREATE INDEX IF NOT EXISTS deciding_customer ON deciding (customer_id);
CREATE INDEX IF NOT EXISTS bearing_candidate ON bearing (candidate_id);
CREATE INDEX IF NOT EXISTS counted_place ON counted (place)
