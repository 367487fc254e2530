-- Claim endpoints for which something is due, each workspace's in turn, the longest waiting first. Nobody else claims
-- them before `until`, or before whoever has them sets them free.
-- reads: engagement_delivery | writes: engagement_endpoint | returns: id
WITH due AS (
    SELECT endpoint.id, oldest.due_at, row_number() OVER (PARTITION BY endpoint.workspace_id ORDER BY oldest.due_at) AS turn
    FROM engagement_endpoint AS endpoint
    CROSS JOIN LATERAL (
        SELECT delivery.due_at
        FROM engagement_delivery AS delivery
        WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending' AND delivery.due_at <= %(now)s
        ORDER BY delivery.due_at
        LIMIT 1
    ) AS oldest
    WHERE endpoint.is_enabled AND endpoint.free_at <= %(now)s
),
ours AS (
    SELECT endpoint.id
    FROM engagement_endpoint AS endpoint
    JOIN due ON due.id = endpoint.id
    WHERE endpoint.is_enabled AND endpoint.free_at <= %(now)s
    ORDER BY due.turn, due.due_at, due.id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF endpoint SKIP LOCKED
)
UPDATE engagement_endpoint AS endpoint
SET free_at = %(until)s
FROM ours
WHERE endpoint.id = ours.id
RETURNING endpoint.id
