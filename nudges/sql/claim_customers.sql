-- Locks the customers whose candidates are decided next: for each workspace those that its share of the chunk are of,
-- urgent candidates first, then the oldest. What another worker holds is passed over, so nobody waits and nobody can
-- deadlock. A customer's candidates that are due at one moment stand side by side in the index: they are asked for once.
-- THIS STATEMENT ONLY LOCKS. What counts is read by later statements: a snapshot taken before the lock was granted is
-- stale, and counting in it sends too much (tests/races/test_caps_race.py keeps the proof).
-- What belongs to a row is looked up by subqueries, not joined (OFFSET 0 keeps them so): a join is turned round where
-- statistics are older than the rows, and then claims once for each customer there is.
-- Reads what waits, customers, merges. Locks pressure rows until the transaction ends. Returns customer_id, workspace_id,
-- timezone, workspace_timezone: one a customer.
SELECT claimed.customer_id, claimed.workspace_id, claimed.timezone,
       (SELECT timezone FROM engagement_workspace AS workspace WHERE workspace.id = claimed.workspace_id)
           AS workspace_timezone
FROM (
    SELECT DISTINCT ON (one.customer_id) one.customer_id, one.timezone, busy.workspace_id
    FROM unnest(%(workspaces)s::bigint[]) AS busy (workspace_id)
    CROSS JOIN LATERAL (
        SELECT waiting.customer_id, customer.timezone
        FROM (
            SELECT DISTINCT ON (is_urgent, due_at, customer_id) is_urgent, due_at, customer_id FROM nudges_waiting
            WHERE workspace_id = busy.workspace_id AND due_at <= %(now)s::timestamptz AND is_urgent >= %(urgent_only)s::boolean
            ORDER BY is_urgent DESC, due_at, customer_id
        ) AS waiting
        CROSS JOIN LATERAL (
            SELECT timezone, merged_into_id FROM engagement_customer WHERE id = waiting.customer_id OFFSET 0
        ) AS customer
        JOIN nudges_pressure AS pressure ON pressure.customer_id = waiting.customer_id
        WHERE customer.merged_into_id IS NULL
          -- Until the rows of a customer found to be the same person are joined, we don't know what counts. Merges that
          -- are still open are few, and read once.
          AND waiting.customer_id NOT IN (
              SELECT target_id FROM engagement_merge WHERE NOT absorbed_by @> ARRAY['nudges']::varchar(20)[]
          )
        ORDER BY waiting.is_urgent DESC, waiting.due_at, waiting.customer_id
        LIMIT (
            SELECT count(*) FROM (
                SELECT DISTINCT is_urgent, due_at, customer_id FROM (
                    SELECT is_urgent, due_at, customer_id FROM nudges_waiting
                    WHERE workspace_id = busy.workspace_id AND due_at <= %(now)s::timestamptz AND is_urgent >= %(urgent_only)s::boolean
                    ORDER BY is_urgent DESC, due_at, customer_id LIMIT %(share)s::bigint
                ) AS next
            ) AS asked
        )
        FOR UPDATE OF pressure SKIP LOCKED
    ) AS one
) AS claimed
ORDER BY claimed.customer_id
