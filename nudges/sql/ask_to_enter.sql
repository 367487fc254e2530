-- Notes that customers ask to come into a flow, once an occasion; who is let in is said later (nudges/flowing/admitting.py).
-- A customer found to be another since is taken as that one.
-- Reads customers, flows. Writes runs. Returns id of each that is new.
INSERT INTO nudges_flowrun (
    workspace_id, customer_id, flow_id, version_id, customer_need_id, occasion, state, step, asked_at, due_at, ended_by,
    trail
)
SELECT DISTINCT ON (alive.id, asked.occasion) flow.workspace_id, alive.id, flow.id, flow.version_id, asked.customer_need_id,
       asked.occasion, 'entering', '', %(now)s::timestamptz, %(now)s::timestamptz, '', '[]'::jsonb
FROM unnest(%(customers)s::bigint[], %(occasions)s::text[], %(needs)s::bigint[])
    AS asked (customer_id, occasion, customer_need_id)
JOIN nudges_flow AS flow ON flow.id = %(flow)s AND flow.workspace_id = %(workspace)s
JOIN engagement_customer AS named ON named.id = asked.customer_id AND named.workspace_id = flow.workspace_id
JOIN engagement_customer AS alive ON alive.id = coalesce(named.merged_into_id, named.id)
ORDER BY alive.id, asked.occasion, asked.customer_need_id
ON CONFLICT (flow_id, customer_id, occasion) DO NOTHING
RETURNING id
