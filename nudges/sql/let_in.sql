-- Notes that events have started nudges for customers: once for each nudge and event.
-- Reads nothing. Writes entries. Returns id of each that is new.
INSERT INTO nudges_entry (
    workspace_id, customer_id, nudge_id, event_id, event_name, event_at, product_ids, subject, due_at, state
)
SELECT workspace_id, customer_id, nudge_id, event_id, event_name, event_at,
       ARRAY(SELECT jsonb_array_elements_text(product_ids)::bigint), subject,
       due_at, 'waiting'
FROM jsonb_to_recordset(%(entries)s::jsonb) AS entry (
    workspace_id bigint, customer_id bigint, nudge_id bigint, event_id bigint, event_name text, event_at timestamptz,
    product_ids jsonb, subject text, due_at timestamptz
)
ORDER BY nudge_id, event_id
ON CONFLICT (nudge_id, event_id) DO NOTHING
RETURNING id
