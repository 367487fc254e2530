-- Puts one nudge forward to some customers: a candidate each, once an occasion, and the row that is locked to decide.
-- A customer found to be another since is taken as that one. The need is the one given, else the open one of the kind
-- that the nudge is about.
-- What is refused entry does not wait for a decision: refuse_entries.sql says why in the ledger.
-- Reads customers, needs. Writes pressure, candidates, waiting. Returns customer_id, candidate_id, occasion of each candidate made.
WITH asked AS (
    SELECT DISTINCT ON (occasion, alive.id) alive.id AS customer_id, asked.occasion,
           coalesce(asked.customer_need_id, open_need.id) AS customer_need_id, asked.stage_change_id, asked.flow_run_id
    FROM unnest(
        %(customers)s::bigint[], %(occasions)s::text[], %(needs)s::bigint[], %(changes)s::bigint[], %(runs)s::bigint[]
    ) AS asked (customer_id, occasion, customer_need_id, stage_change_id, flow_run_id)
    JOIN engagement_customer AS named ON named.id = asked.customer_id AND named.workspace_id = %(workspace)s
    JOIN engagement_customer AS alive ON alive.id = coalesce(named.merged_into_id, named.id)
    LEFT JOIN journeys_customerneed AS open_need ON open_need.customer_id = alive.id
        AND open_need.need_id = %(need)s AND open_need.closed_at IS NULL
    ORDER BY asked.occasion, alive.id, asked.stage_change_id
), ready AS (
    INSERT INTO nudges_pressure (
        customer_id, workspace_id, sent_at, message_ids, channels, categories, interests, promises, flows, needs, zones
    )
    SELECT DISTINCT customer_id, %(workspace)s, '{}'::timestamptz[], '{}'::bigint[], '{}'::text[], '{}'::text[],
           '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[]
    FROM asked
    WHERE NOT EXISTS (SELECT FROM nudges_pressure AS p WHERE p.customer_id = asked.customer_id)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO NOTHING
), made AS (
    INSERT INTO nudges_candidate (
        workspace_id, customer_id, nudge_id, customer_need_id, stage_change_id, broadcast_id, flow_run_id, occasion,
        put_forward_at, not_after
    )
    SELECT %(workspace)s, customer_id, %(nudge)s, customer_need_id, stage_change_id, %(broadcast)s, flow_run_id, occasion,
           %(now)s, %(not_after)s
    FROM asked ORDER BY customer_id, occasion
    ON CONFLICT (customer_id, nudge_id, occasion) DO NOTHING
    RETURNING customer_id, id AS candidate_id, occasion
), queued AS (
    INSERT INTO nudges_waiting (candidate_id, workspace_id, customer_id, broadcast_id, is_urgent, due_at)
    SELECT candidate_id, %(workspace)s, customer_id, %(broadcast)s, %(urgent)s, %(due_at)s FROM made WHERE %(waits)s
)
SELECT customer_id, candidate_id, occasion FROM made
