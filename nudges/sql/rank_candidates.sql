-- Arbitration: puts each customer's push candidates in order. Service first; the customer's interest before the
-- business's; the current need that is furthest on; priority; expected value to the customer; age; id.
-- What is only scheduled has a place too: no round decides it, but lower ones leave it its slot.
-- Reads the run's `facts`. Writes its `deciding`: all of them, with their place; 0 for the inbox, which competes with
-- nothing. In the order of the customers and their candidates: in that order the messages get their numbers, here, so
-- that what is held back by one can name it. Those of what is held back stay unused; a dry run draws none.
-- Returns the last place, whether anything is scheduled, whose candidates have places, and whose such a business one.
WITH ranked AS MATERIALIZED (  -- apart from the rest of each row, which would be carried through every sort
    SELECT candidate_id, place, CASE WHEN place IS NOT NULL AND scheduled_at IS NULL AND NOT in_holdout AND NOT %(dry)s::boolean
        THEN nextval('nudges_message_id_seq') END AS message_id
    FROM (
        SELECT candidate_id, scheduled_at, in_holdout,
            CASE WHEN reason IS NULL AND channel <> 'inbox' THEN row_number() OVER (
                PARTITION BY customer_id, reason IS NULL AND channel <> 'inbox'
                ORDER BY promise = 'service' DESC, interest = 'customer' DESC, relevance DESC, priority DESC, value DESC,
                         put_forward_at, candidate_id
            ) WHEN reason IS NULL AND scheduled_at IS NULL THEN 0 END AS place
        FROM facts
        ORDER BY customer_id, place, candidate_id
    ) AS in_order
), placed AS (
    INSERT INTO deciding
    SELECT ranked.place, ranked.message_id,
        greatest(%(now)s::timestamptz, sent_at[1]),  -- a slow clock dates no message before one that already counts
        facts.*
    FROM facts JOIN ranked ON ranked.candidate_id = facts.candidate_id
    RETURNING workspace_id, interest, place, scheduled_at
)
SELECT coalesce(max(place), -1) AS last, coalesce(bool_or(scheduled_at IS NOT NULL), false) AS looks_ahead,
    coalesce(array_agg(DISTINCT workspace_id) FILTER (WHERE place > 0), '{}') AS workspaces,
    coalesce(array_agg(DISTINCT workspace_id) FILTER (WHERE place > 0 AND interest = 'business'), '{}') AS selling
FROM placed
