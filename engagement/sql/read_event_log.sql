-- Each customer's events from a moment on and up to a position, in the order in which they happened. What happened then
-- was received later, so older partitions are not looked at.
-- reads: engagement_event | returns: id, customer_id, workspace_id, occurred_at, type, name, properties (as text)
SELECT
    event.id, event.customer_id, event.workspace_id, event.occurred_at, event.type, event.name,
    event.properties::text AS properties
FROM unnest(%(workspace_ids)s::bigint[], %(customer_ids)s::bigint[], %(positions)s::bigint[], %(since)s::timestamptz[])
    AS reading (workspace_id, customer_id, position, since)
JOIN engagement_event AS event
    ON event.customer_id = reading.customer_id
    AND event.id <= reading.position
    AND event.workspace_id = reading.workspace_id
    AND event.occurred_at >= coalesce(reading.since, '-infinity')
    AND event.received_at >= coalesce(reading.since, '-infinity')
ORDER BY event.customer_id, event.occurred_at, event.id
