-- Each customer's events after a position, in the order of their ids, at most `most` of one customer.
-- reads: engagement_event | returns: id, customer_id, workspace_id, occurred_at, type, name, properties (as text)
SELECT
    event.id, event.customer_id, event.workspace_id, event.occurred_at, event.type, event.name,
    event.properties::text AS properties
FROM unnest(%(workspace_ids)s::bigint[], %(customer_ids)s::bigint[], %(positions)s::bigint[])
    AS reading (workspace_id, customer_id, position)
CROSS JOIN LATERAL (
    SELECT e.*
    FROM engagement_event AS e
    WHERE e.customer_id = reading.customer_id AND e.id > reading.position AND e.workspace_id = reading.workspace_id
    ORDER BY e.id
    LIMIT %(most)s
) AS event
ORDER BY event.customer_id, event.id
