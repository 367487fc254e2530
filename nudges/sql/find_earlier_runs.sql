-- Whether those who ask are inside already, and when they last came in.
-- Reads runs. Writes nothing. Returns flow_id, customer_id, is_inside, last_in, of those who ever were inside.
SELECT run.flow_id, run.customer_id, bool_or(run.state = 'running') AS is_inside, max(run.asked_at) AS last_in
FROM unnest(%(flows)s::bigint[], %(customers)s::bigint[]) AS asking (flow_id, customer_id)
JOIN nudges_flowrun AS run ON run.flow_id = asking.flow_id AND run.customer_id = asking.customer_id
WHERE run.state IN ('running', 'finished', 'exited')
GROUP BY run.flow_id, run.customer_id
