-- The newest events of these names that customers with news have had lately. Looks a day further back than needed, so that
-- no order of commits hides an event: who has read one before knows it by its id. At most `most` of one customer, so that
-- nobody's flood of events holds up the others.
-- Reads events. Writes nothing. Returns id, workspace_id, customer_id, name, occurred_at, properties (as text).
SELECT event.id, reading.workspace_id, reading.customer_id, event.name, event.occurred_at,
       event.properties::text AS properties
FROM unnest(%(workspaces)s::bigint[], %(customers)s::bigint[], %(since)s::timestamptz[])
    AS reading (workspace_id, customer_id, since)
CROSS JOIN LATERAL (
    SELECT e.id, e.name, e.occurred_at, e.properties
    FROM engagement_event AS e
    WHERE e.customer_id = reading.customer_id AND e.workspace_id = reading.workspace_id
      AND e.received_at >= reading.since - interval '1 day' AND e.name = ANY (%(names)s::text[])
    ORDER BY e.id DESC
    LIMIT %(most)s
) AS event
ORDER BY event.id
