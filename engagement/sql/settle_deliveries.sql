-- Write down attempts and when to try again. Of each delivery the last attempts are kept.
-- writes: engagement_delivery | returns: -
UPDATE engagement_delivery AS delivery
SET state = result.state,
    due_at = result.due_at,
    tries = delivery.tries + 1,
    attempts = (
        SELECT jsonb_agg(kept.attempt ORDER BY kept.place)
        FROM (
            SELECT attempt, place
            FROM jsonb_array_elements(delivery.attempts || result.attempt) WITH ORDINALITY AS a (attempt, place)
            ORDER BY place DESC
            LIMIT %(most)s
        ) AS kept
    )
FROM jsonb_to_recordset(%(results)s::jsonb) AS result (id bigint, state text, due_at timestamptz, attempt jsonb)
WHERE delivery.id = result.id AND delivery.state = 'pending'
