-- What nothing held back in this round is sent; in the holdout it would have been. Round 0 is the inbox.
-- The message gets its id here, so that what is held back by it can name it. A dry run draws no ids.
-- Reads and writes the run's `deciding`: reason, message_id, decided_at.
UPDATE deciding AS d
SET reason = CASE WHEN d.in_holdout THEN 'holdout' ELSE 'sent' END,
    rule = CASE WHEN d.in_holdout THEN 'holdout' ELSE '' END,
    message_id = passed.message_id,
    -- A slow clock dates no message before one that already counts.
    decided_at = greatest(%(now)s, d.newest_at)
FROM (
    SELECT o.candidate_id, CASE WHEN NOT o.in_holdout AND NOT %(dry)s
        THEN nextval('nudges_message_id_seq') END AS message_id
    FROM (
        SELECT candidate_id, in_holdout FROM deciding WHERE place = %(round)s AND reason IS NULL ORDER BY customer_id, candidate_id
    ) AS o
) AS passed
WHERE passed.candidate_id = d.candidate_id
