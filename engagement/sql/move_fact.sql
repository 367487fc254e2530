-- reads: - | writes: engagement_fact | returns: nothing
UPDATE engagement_fact AS moved
SET customer_id = pair.target_id
FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS pair (source_id, target_id)
WHERE moved.customer_id = pair.source_id
