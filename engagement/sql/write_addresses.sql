-- Remember where customers said they can be reached. An address that was suppressed stays so: being told again is no proof.
-- reads: - | writes: engagement_address | returns: nothing
INSERT INTO engagement_address (workspace_id, customer_id, channel, value, suppression_reason, updated_at)
SELECT %(workspace_id)s, customer_id, %(channel)s, value, '', at
FROM unnest(%(customer_ids)s::bigint[], %(values)s::text[], %(times)s::timestamptz[]) AS told (customer_id, value, at)
ORDER BY customer_id, value
ON CONFLICT (customer_id, channel, value)
DO UPDATE SET updated_at = greatest(engagement_address.updated_at, excluded.updated_at)
