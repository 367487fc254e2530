-- Claim customers whose needs were told by other versions of their workspace's needs than today's; the same share for each
-- workspace that has some.
-- reads: journeys_need | locks: journeys_readingposition | returns: customer_id, workspace_id, last_event_id
WITH today AS (
    SELECT workspace_id, sum(version) AS version FROM journeys_need GROUP BY workspace_id
),
waiting AS MATERIALIZED (
    SELECT *
    FROM today
    WHERE EXISTS (
            SELECT FROM journeys_readingposition AS p
            WHERE p.workspace_id = today.workspace_id AND p.told_version < today.version
        )
        OR EXISTS (
            SELECT FROM journeys_readingposition AS p
            WHERE p.workspace_id = today.workspace_id AND p.told_version > today.version
        )
    ORDER BY workspace_id
    LIMIT %(limit)s
)
SELECT stale.*
FROM waiting
CROSS JOIN LATERAL (
    SELECT p.customer_id, p.workspace_id, p.last_event_id
    FROM journeys_readingposition AS p
    WHERE p.workspace_id = waiting.workspace_id
        AND (p.told_version < waiting.version OR p.told_version > waiting.version)
    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM waiting)
    FOR UPDATE SKIP LOCKED
) AS stale
ORDER BY stale.customer_id
