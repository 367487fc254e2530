-- Takes every due candidate of the customers that this worker has locked, and those still being collected, so that the
-- ones put forward within the collecting time meet. A service message alone calls nobody in early. What is scheduled
-- within the look-ahead comes along, marked, so that a lower candidate does not take its slot.
-- Each candidate is looked up by its key (OFFSET 0 keeps the planner from joining it): there are millions of them.
-- Reads what waits, candidates, policies, merges. Writes the run's `considered`. Returns nudge_id, customer_ids:
-- whose they are, where conditions will be asked for.
WITH taken AS (
    INSERT INTO considered
    SELECT candidate.id, waiting.workspace_id, waiting.customer_id, candidate.nudge_id, candidate.customer_need_id,
           candidate.stage_change_id, candidate.broadcast_id, candidate.flow_run_id, candidate.put_forward_at,
           candidate.not_after,
           CASE WHEN NOT meets.is_due THEN waiting.due_at END
    FROM nudges_waiting AS waiting
    CROSS JOIN LATERAL (SELECT * FROM nudges_candidate WHERE id = waiting.candidate_id OFFSET 0) AS candidate
    LEFT JOIN nudges_policy AS policy ON policy.workspace_id = waiting.workspace_id
    CROSS JOIN LATERAL (
        SELECT waiting.due_at <= %(now)s::timestamptz
            OR waiting.due_at <= candidate.put_forward_at + coalesce(policy.collect_seconds, 60) * interval '1 second'
            AND candidate.put_forward_at <= %(now)s::timestamptz
            AND EXISTS (
                SELECT FROM nudges_waiting AS caller
                WHERE caller.customer_id = waiting.customer_id AND caller.due_at <= %(now)s::timestamptz AND NOT caller.is_urgent
            ) AS is_due
    ) AS meets
    WHERE waiting.customer_id = ANY (ARRAY(  -- as they are now that they are locked
          SELECT customer.id FROM engagement_customer AS customer
          WHERE customer.id = ANY (%(customers)s::bigint[]) AND customer.merged_into_id IS NULL AND NOT EXISTS (
              SELECT FROM engagement_merge AS merge
              WHERE merge.target_id = customer.id AND NOT 'nudges' = ANY (merge.absorbed_by)
          )
      ))
      AND (meets.is_due
           OR waiting.due_at <= %(now)s::timestamptz + coalesce(policy.look_ahead_seconds, 86400) * interval '1 second')
    RETURNING nudge_id, customer_id
)
SELECT nudge_id, coalesce(
    array_agg(DISTINCT customer_id ORDER BY customer_id) FILTER (WHERE nudge_id IN (SELECT id FROM nudges_nudge WHERE conditions <> '{}')),
    '{}'
) AS customer_ids
FROM taken GROUP BY nudge_id ORDER BY nudge_id
