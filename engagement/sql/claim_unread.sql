-- Claim customers with unread events for one reader, the longest waiting first, and the same share for each workspace.
-- The rows stay locked until the caller's transaction ends; those that another worker has are passed over. While they are
-- locked, no event of these customers can be inserted.
-- reads: engagement_workspace | locks: engagement_unread | returns: customer_id, workspace_id, since
WITH waiting AS MATERIALIZED (
    SELECT workspace.id, oldest.since
    FROM engagement_workspace AS workspace
    CROSS JOIN LATERAL (
        SELECT unread.since
        FROM engagement_unread AS unread
        WHERE unread.reader = %(reader)s AND unread.workspace_id = workspace.id
        ORDER BY unread.since
        LIMIT 1
    ) AS oldest
    ORDER BY oldest.since, workspace.id
    LIMIT %(limit)s
)
SELECT claimed.customer_id, claimed.workspace_id, claimed.since
FROM waiting
CROSS JOIN LATERAL (
    SELECT unread.customer_id, unread.workspace_id, unread.since
    FROM engagement_unread AS unread
    WHERE unread.reader = %(reader)s AND unread.workspace_id = waiting.id
    ORDER BY unread.since
    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM waiting)
    FOR UPDATE SKIP LOCKED
) AS claimed
ORDER BY claimed.customer_id
