-- Writes the ledger: one row a candidate. A candidate that waited before keeps the trail of it (the last 20) in `earlier`.
-- Reads `deciding`. Writes decisions. Returns outcome, reason, n: what was decided, counted.
-- What was decided before is looked up for all at once: asking about each as it is inserted (ON CONFLICT) costs more, and
-- nobody decides it meanwhile, since its customer's pressure is locked.
WITH before AS MATERIALIZED (
    SELECT candidate_id FROM nudges_decision
    WHERE candidate_id = ANY (ARRAY(SELECT candidate_id FROM deciding ORDER BY candidate_id))
), eligible AS MATERIALIZED (
    SELECT customer_id, jsonb_agg(candidate_id ORDER BY place) AS candidates
    FROM deciding WHERE place > 0 GROUP BY customer_id
), told AS NOT MATERIALIZED (
    SELECT d.workspace_id, d.candidate_id, d.customer_id, d.nudge_id, d.nudge_version, d.customer_need_id, d.broadcast_id, d.outcome,
           d.verdict, d.rule, d.policy_version, d.limit, d.count, coalesce(d.used_by, '{}') AS used_by, d.allowed_at,
           d.winner_id, d.stage, coalesce(d.channel, '') AS channel, d.in_holdout, to_jsonb(context) AS context
    FROM deciding AS d
    LEFT JOIN eligible ON eligible.customer_id = d.customer_id AND d.place > 0
    CROSS JOIN LATERAL (SELECT coalesce(eligible.candidates, '[]') AS eligible, d.place, 1 AS chance, d.value, d.exempt, d.zone, d.level)
        AS context
), first AS (
    INSERT INTO nudges_decision (
        workspace_id, candidate_id, customer_id, nudge_id, nudge_version, customer_need_id, broadcast_id, outcome, reason, rule,
        policy_version, "limit", count, used_by, allowed_at, winner_id, stage, channel, in_holdout, context, earlier,
        decided_at
    )
    SELECT told.*, '[]', %(now)s::timestamptz FROM told WHERE candidate_id NOT IN (SELECT candidate_id FROM before)
    ORDER BY candidate_id
    RETURNING outcome, reason
), again AS (
    UPDATE nudges_decision AS n SET
        nudge_version = told.nudge_version, customer_need_id = told.customer_need_id, outcome = told.outcome,
        reason = told.verdict, rule = told.rule, policy_version = told.policy_version, "limit" = told.limit,
        count = told.count, used_by = told.used_by, allowed_at = told.allowed_at, winner_id = told.winner_id,
        stage = told.stage, channel = told.channel, in_holdout = told.in_holdout, context = told.context,
        decided_at = %(now)s::timestamptz,
        earlier = jsonb_path_query_array(n.earlier, '$[last - 18 to last]') || jsonb_build_object(
            'at', n.decided_at, 'outcome', n.outcome, 'reason', n.reason, 'rule', n.rule, 'until', n.allowed_at
        )
    FROM told
    WHERE n.candidate_id = ANY (ARRAY(SELECT candidate_id FROM before)) AND told.candidate_id = n.candidate_id
    RETURNING n.outcome, n.reason
)
SELECT outcome, reason, count(*) AS n FROM (TABLE first UNION ALL TABLE again) AS written
GROUP BY outcome, reason ORDER BY outcome, reason
