-- Gives every customer with a due candidate the row that is locked to decide. Putting forward does it too; this catches
-- candidates made any other way.
-- Reads candidates. Writes pressure. Returns nothing.
INSERT INTO nudges_pressure (
    customer_id, workspace_id, sent_at, message_ids, channels, categories, interests, promises, flows, needs, zones
)
SELECT DISTINCT candidate.customer_id, candidate.workspace_id,
       '{}'::timestamptz[], '{}'::bigint[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[],
       '{}'::text[], '{}'::text[]
FROM nudges_candidate AS candidate
LEFT JOIN nudges_pressure AS pressure ON pressure.customer_id = candidate.customer_id
WHERE candidate.state = 'due' AND candidate.due_at <= %(now)s AND pressure.customer_id IS NULL
ORDER BY candidate.customer_id
ON CONFLICT (customer_id) DO NOTHING
