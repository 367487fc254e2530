-- Gives every customer with a due candidate the row that is locked to decide. Putting forward does it too; this catches
-- candidates made any other way.
-- Reads what waits. Writes pressure. Returns nothing.
INSERT INTO nudges_pressure (
    customer_id, workspace_id, sent_at, message_ids, channels, categories, interests, promises, flows, needs, zones
)
SELECT DISTINCT waiting.customer_id, waiting.workspace_id,
       '{}'::timestamptz[], '{}'::bigint[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[],
       '{}'::text[], '{}'::text[]
FROM nudges_waiting AS waiting
LEFT JOIN nudges_pressure AS pressure ON pressure.customer_id = waiting.customer_id
WHERE waiting.due_at <= %(now)s AND pressure.customer_id IS NULL
ORDER BY waiting.customer_id
ON CONFLICT (customer_id) DO NOTHING
