-- Locks the runs whose time has come: from every live flow that has some its share, the longest due first. What another
-- worker holds is passed over.
-- Reads flows, customers, workspaces, merges. Locks runs until the transaction ends. Returns what `advancing.Walker` has.
WITH busy AS MATERIALIZED (
    SELECT flow.id
    FROM nudges_flow AS flow
    CROSS JOIN LATERAL (
        SELECT run.due_at FROM nudges_flowrun AS run
        WHERE run.flow_id = flow.id AND run.state = 'running' AND run.due_at <= %(now)s
        ORDER BY run.due_at LIMIT 1
    ) AS oldest
    WHERE flow.state = 'live'
    ORDER BY oldest.due_at, flow.id
    LIMIT %(limit)s
)
SELECT claimed.id, claimed.flow_id, claimed.version_id, claimed.customer_id, claimed.customer_need_id, claimed.step,
       claimed.until, (SELECT timezone FROM engagement_customer AS customer WHERE customer.id = claimed.customer_id) AS zone
FROM busy
CROSS JOIN LATERAL (
    SELECT run.id, run.flow_id, run.version_id, run.customer_id, run.customer_need_id, run.step, run.until
    FROM nudges_flowrun AS run
    WHERE run.flow_id = busy.id AND run.state = 'running' AND run.due_at <= %(now)s
      AND (SELECT merged_into_id IS NULL FROM engagement_customer AS customer WHERE customer.id = run.customer_id)
      AND NOT EXISTS (
          SELECT FROM engagement_merge AS merge
          WHERE merge.target_id = run.customer_id AND NOT 'nudges' = ANY (merge.absorbed_by)
      )
    ORDER BY run.due_at
    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM busy)
    FOR UPDATE SKIP LOCKED
) AS claimed
ORDER BY claimed.id
