-- Forgets who was not let into flows before each workspace's retention, oldest first, once the ledger has forgotten it too.
-- Who was inside stays known as long as the flow does: it says whether they may come again.
-- Reads workspaces, candidates. Deletes runs. Returns n.
WITH old AS (
    SELECT run.id
    FROM engagement_workspace AS workspace
    CROSS JOIN LATERAL (
        SELECT refused.id FROM nudges_flowrun AS refused
        WHERE refused.workspace_id = workspace.id AND refused.state = 'refused'
          AND refused.asked_at < %(now)s - workspace.retention_days * interval '1 day'
          AND NOT EXISTS (SELECT FROM nudges_candidate AS kept WHERE kept.flow_run_id = refused.id)
        ORDER BY refused.asked_at, refused.id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS run
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_flowrun AS run USING old WHERE run.id = old.id RETURNING run.id
)
SELECT count(*) AS n FROM gone
