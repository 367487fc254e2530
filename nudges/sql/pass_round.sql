-- What nothing held back in this round is sent; in the holdout it would have been. Round 0 is the inbox.
-- The message gets its id here, so that what is held back by it can name it. A dry run draws no ids.
-- Reads and writes the run's `deciding`: reason, message_id, decided_at.
UPDATE deciding
SET reason = CASE WHEN in_holdout THEN 'holdout' ELSE 'sent' END,
    rule = CASE WHEN in_holdout THEN 'holdout' ELSE '' END,
    message_id = CASE WHEN NOT in_holdout AND NOT %(dry)s::boolean THEN nextval('nudges_message_id_seq') END,
    -- A slow clock dates no message before one that already counts.
    decided_at = greatest(%(now)s::timestamptz, sent_at[1])
WHERE place = %(round)s::integer AND reason IS NULL AND scheduled_at IS NULL
