-- Arbitration: puts each customer's push candidates in order. Service first; the customer's interest before the
-- business's; the current need that is furthest on; priority; expected value to the customer; age; id.
-- What is only scheduled has a place too, and the mark `ahead`: no round decides it, but lower ones leave it its slot.
-- Reads and writes the run's `deciding`: place, 0 for the inbox, which competes with nothing.
-- Returns the last place, and whether anything is scheduled.
WITH ranked AS (
    SELECT candidate_id, CASE WHEN channel <> 'inbox' THEN row_number() OVER (
            PARTITION BY customer_id, channel = 'inbox'
            ORDER BY promise = 'service' DESC, interest = 'customer' DESC, relevance DESC, priority DESC, value DESC,
                     put_forward_at, candidate_id
        ) WHEN scheduled_at IS NULL THEN 0 END AS place
    FROM deciding WHERE reason IS NULL
), placed AS (
    UPDATE deciding AS d
    SET place = ranked.place, reason = CASE WHEN d.scheduled_at IS NOT NULL THEN 'ahead' END
    FROM ranked WHERE ranked.candidate_id = d.candidate_id
    RETURNING d.place
)
SELECT coalesce(max(place), -1) AS last, EXISTS (SELECT FROM deciding WHERE scheduled_at IS NOT NULL) AS looks_ahead
FROM placed
