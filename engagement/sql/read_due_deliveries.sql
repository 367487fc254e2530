-- What these endpoints are to be told now, the same share of each, the longest waiting first.
-- reads: engagement_delivery | returns: id, endpoint_id
SELECT due.id, endpoint.id AS endpoint_id
FROM unnest(%(endpoints)s::bigint[]) AS endpoint (id)
CROSS JOIN LATERAL (
    SELECT delivery.id, delivery.due_at
    FROM engagement_delivery AS delivery
    WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending' AND delivery.due_at <= %(now)s
    ORDER BY delivery.due_at, delivery.id
    LIMIT %(share)s
) AS due
ORDER BY endpoint.id, due.due_at, due.id
