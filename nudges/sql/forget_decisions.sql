-- Forgets what was decided before each workspace's retention, oldest first: decisions that are final, and their candidates
-- where no message hangs on them. What still waits is kept.
-- Reads workspaces, decisions (index decisions_recent), messages. Deletes decisions, candidates. Returns n.
WITH old AS (
    SELECT d.candidate_id
    FROM engagement_workspace AS workspace
    CROSS JOIN LATERAL (
        SELECT candidate_id FROM nudges_decision
        WHERE workspace_id = workspace.id AND decided_at < %(now)s - workspace.retention_days * interval '1 day'
            AND outcome <> 'defer'
        ORDER BY decided_at LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS d
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_decision AS d USING old WHERE d.candidate_id = old.candidate_id RETURNING d.candidate_id
), candidates AS (
    DELETE FROM nudges_candidate AS c USING gone
    WHERE c.id = gone.candidate_id AND NOT EXISTS (SELECT FROM nudges_message AS m WHERE m.candidate_id = c.id)
)
SELECT count(*) AS n FROM gone
