-- reads: - | writes: engagement_address | returns: nothing
UPDATE engagement_address AS moved
SET customer_id = pair.target_id
FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS pair (source_id, target_id)
WHERE moved.customer_id = pair.source_id
