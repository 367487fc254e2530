-- Forgets entries that were put forward before each workspace's retention, oldest first.
-- Reads workspaces. Deletes entries. Returns n.
WITH old AS (
    SELECT entry.id
    FROM engagement_workspace AS workspace
    CROSS JOIN LATERAL (
        SELECT id FROM nudges_entry
        WHERE workspace_id = workspace.id AND due_at < %(now)s - workspace.retention_days * interval '1 day'
          AND state = 'done'
        ORDER BY due_at, id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS entry
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_entry AS entry USING old WHERE entry.id = old.id RETURNING entry.id
)
SELECT count(*) AS n FROM gone
