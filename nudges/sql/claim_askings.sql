-- Locks those who ask to come into flows: from every workspace that has some its share, the oldest first. Of one customer's
-- askings at one flow only the first, so that the second finds what became of it. What another worker holds is passed over.
-- Reads workspaces, customers, merges. Locks runs until the transaction ends. Returns id, flow_id, customer_id, version_id.
WITH waiting AS MATERIALIZED (
    SELECT workspace.id
    FROM engagement_workspace AS workspace
    WHERE EXISTS (SELECT FROM nudges_flowrun AS run WHERE run.workspace_id = workspace.id AND run.state = 'entering')
    LIMIT %(limit)s
)
SELECT claimed.id, claimed.flow_id, claimed.customer_id, claimed.version_id
FROM waiting
CROSS JOIN LATERAL (
    SELECT run.id, run.flow_id, run.customer_id, run.version_id
    FROM nudges_flowrun AS run
    WHERE run.workspace_id = waiting.id AND run.state = 'entering'
      AND NOT EXISTS (
          SELECT FROM nudges_flowrun AS earlier
          WHERE earlier.flow_id = run.flow_id AND earlier.customer_id = run.customer_id AND earlier.state = 'entering'
            AND earlier.id < run.id
      )
      AND (SELECT merged_into_id IS NULL FROM engagement_customer AS customer WHERE customer.id = run.customer_id)
      AND NOT EXISTS (
          SELECT FROM engagement_merge AS merge
          WHERE merge.target_id = run.customer_id AND NOT 'nudges' = ANY (merge.absorbed_by)
      )
    ORDER BY run.id
    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM waiting)
    FOR UPDATE SKIP LOCKED
) AS claimed
ORDER BY claimed.id
