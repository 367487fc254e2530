-- Locks the entries whose time has come: from every workspace that has some its share, the longest due first. What another
-- worker holds is passed over.
-- Reads workspaces. Locks entries until the transaction ends. Returns id, customer_id, nudge_id, event_id.
WITH waiting AS MATERIALIZED (
    SELECT workspace.id, oldest.due_at
    FROM engagement_workspace AS workspace
    CROSS JOIN LATERAL (
        SELECT entry.due_at FROM nudges_entry AS entry
        WHERE entry.workspace_id = workspace.id AND entry.state = 'waiting' AND entry.due_at <= %(now)s
        ORDER BY entry.due_at LIMIT 1
    ) AS oldest
    ORDER BY oldest.due_at, workspace.id
    LIMIT %(limit)s
)
SELECT claimed.id, claimed.customer_id, claimed.nudge_id, claimed.event_id
FROM waiting
CROSS JOIN LATERAL (
    SELECT entry.id, entry.customer_id, entry.nudge_id, entry.event_id
    FROM nudges_entry AS entry
    WHERE entry.workspace_id = waiting.id AND entry.state = 'waiting' AND entry.due_at <= %(now)s
    ORDER BY entry.due_at
    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM waiting)
    FOR UPDATE SKIP LOCKED
) AS claimed
ORDER BY claimed.id
