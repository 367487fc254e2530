-- Each customer's events up to a position, in the order in which they happened.
-- reads: engagement_event | returns: id, customer_id, workspace_id, occurred_at, type, name, properties (as text)
SELECT
    event.id, event.customer_id, event.workspace_id, event.occurred_at, event.type, event.name,
    event.properties::text AS properties
FROM unnest(%(workspace_ids)s::bigint[], %(customer_ids)s::bigint[], %(positions)s::bigint[])
    AS reading (workspace_id, customer_id, position)
JOIN engagement_event AS event
    ON event.customer_id = reading.customer_id
    AND event.id <= reading.position
    AND event.workspace_id = reading.workspace_id
ORDER BY event.customer_id, event.occurred_at, event.id
