-- Which of these customers have lately been told something about: facts of their situation. Looks a day further back than
-- needed, so that no order of commits hides an event; reading one twice does no harm.
-- reads: engagement_event | returns: customer_id
SELECT reading.customer_id
FROM unnest(%(workspace_ids)s::bigint[], %(customer_ids)s::bigint[], %(since)s::timestamptz[])
    AS reading (workspace_id, customer_id, since)
WHERE EXISTS (
    SELECT
    FROM engagement_event AS event
    WHERE event.customer_id = reading.customer_id
        AND event.workspace_id = reading.workspace_id
        AND event.received_at >= reading.since - interval '1 day'
        AND (event.name = ANY (%(names)s) OR (event.type = 'identify' AND event.properties ? 'context'))
)
ORDER BY reading.customer_id
