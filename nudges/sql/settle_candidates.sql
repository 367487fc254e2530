-- Takes from the queue what is decided for good; what is deferred stays, due later.
-- Reads `deciding`. Writes waiting.
WITH ended AS (
    DELETE FROM nudges_waiting
    WHERE candidate_id = ANY (ARRAY(SELECT candidate_id FROM deciding WHERE outcome <> 'defer' ORDER BY candidate_id))
)
UPDATE nudges_waiting AS w SET due_at = d.due_at
FROM deciding AS d WHERE d.candidate_id = w.candidate_id AND d.outcome = 'defer'
