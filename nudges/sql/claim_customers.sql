-- Locks the customers whose candidates are decided next: for each workspace its share of the chunk, urgent candidates
-- first, then the oldest. What another worker holds is passed over, so nobody waits and nobody can deadlock.
-- THIS STATEMENT ONLY LOCKS. What counts is read by later statements: a snapshot taken before the lock was granted is
-- stale, and counting in it sends too much (tests/races/test_caps_race.py keeps the proof).
-- What belongs to a row is looked up by subqueries, not joined: a join is turned round where statistics are older than
-- the rows, and then claims once for each customer there is.
-- Reads what waits, merges. Locks pressure rows until the transaction ends. Returns customer_id, timezone, one a customer.
SELECT claimed.customer_id, claimed.workspace_id,
       (SELECT timezone FROM engagement_customer AS customer WHERE customer.id = claimed.customer_id) AS timezone,
       (SELECT timezone FROM engagement_workspace AS workspace WHERE workspace.id = claimed.workspace_id)
           AS workspace_timezone
FROM (
    SELECT DISTINCT one.customer_id, busy.workspace_id
    FROM unnest(%(workspaces)s::bigint[]) AS busy (workspace_id)
    CROSS JOIN LATERAL (
        SELECT waiting.customer_id
        FROM nudges_waiting AS waiting
        JOIN nudges_pressure AS pressure ON pressure.customer_id = waiting.customer_id
        WHERE waiting.workspace_id = busy.workspace_id AND waiting.due_at <= %(now)s::timestamptz
          AND waiting.is_urgent >= %(urgent_only)s::boolean
          AND (SELECT merged_into_id IS NULL FROM engagement_customer AS alive WHERE alive.id = waiting.customer_id)
          -- Until the rows of a customer found to be the same person are joined, we don't know what counts.
          AND (
              SELECT count(*) FROM engagement_merge AS merge
              WHERE merge.target_id = waiting.customer_id AND NOT 'nudges' = ANY (merge.absorbed_by)
          ) = 0
        ORDER BY waiting.is_urgent DESC, waiting.due_at, waiting.customer_id
        LIMIT %(share)s::bigint
        FOR UPDATE OF pressure SKIP LOCKED
    ) AS one
) AS claimed
ORDER BY claimed.customer_id
