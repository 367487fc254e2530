-- All that was ever told about these customers' situation, as it happened.
-- reads: engagement_event | returns: id, customer_id, occurred_at, type, properties (as text)
SELECT event.id, event.customer_id, event.occurred_at, event.type, event.properties::text AS properties
FROM unnest(%(workspace_ids)s::bigint[], %(customer_ids)s::bigint[]) AS reading (workspace_id, customer_id)
JOIN engagement_event AS event
    ON event.customer_id = reading.customer_id AND event.workspace_id = reading.workspace_id
WHERE event.name = ANY (%(names)s) OR (event.type = 'identify' AND event.properties ? 'context')
ORDER BY event.customer_id, event.occurred_at, event.id
