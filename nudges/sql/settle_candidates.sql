-- Ends the candidates that are decided; those that wait stay due, later.
-- Reads `deciding`. Writes candidates.
UPDATE nudges_candidate AS c
SET state = CASE WHEN d.outcome = 'defer' THEN 'due' ELSE 'decided' END,
    due_at = CASE WHEN d.outcome = 'defer' THEN d.due_at ELSE c.due_at END
FROM deciding AS d WHERE d.candidate_id = c.id
