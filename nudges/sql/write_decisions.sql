-- Writes the ledger: one row a candidate. A candidate that waited before keeps the trail of it (the last 20) in `earlier`.
-- Reads `deciding`. Writes decisions. Returns outcome, reason, n: what was decided, counted.
WITH eligible AS (
    SELECT customer_id, jsonb_agg(candidate_id ORDER BY place) AS candidates
    FROM deciding WHERE place > 0 GROUP BY customer_id
), written AS (
    INSERT INTO nudges_decision (
        workspace_id, candidate_id, customer_id, nudge_id, nudge_version, customer_need_id, broadcast_id, outcome, reason, rule,
        policy_version, "limit", count, used_by, allowed_at, winner_id, stage, channel, in_holdout, context, earlier,
        decided_at
    )
    SELECT d.workspace_id, d.candidate_id, d.customer_id, d.nudge_id, d.nudge_version, d.customer_need_id, d.broadcast_id, d.outcome,
           d.verdict, d.rule, d.policy_version, d.limit, d.count, coalesce(d.used_by, '{}'), d.allowed_at,
           d.winner_id, d.stage, coalesce(d.channel, ''), d.in_holdout,
           jsonb_build_object(
               'eligible', coalesce(eligible.candidates, '[]'), 'place', d.place, 'chance', 1, 'value', d.value,
               'exempt', d.exempt, 'zone', d.zone, 'level', d.level
           ), '[]', %(now)s::timestamptz
    FROM deciding AS d LEFT JOIN eligible ON eligible.customer_id = d.customer_id AND d.place > 0
    ORDER BY d.candidate_id
    ON CONFLICT (candidate_id) DO UPDATE SET
        nudge_version = excluded.nudge_version, customer_need_id = excluded.customer_need_id, outcome = excluded.outcome,
        reason = excluded.reason, rule = excluded.rule, policy_version = excluded.policy_version,
        "limit" = excluded.limit, count = excluded.count, used_by = excluded.used_by, allowed_at = excluded.allowed_at,
        winner_id = excluded.winner_id, stage = excluded.stage, channel = excluded.channel,
        in_holdout = excluded.in_holdout, context = excluded.context, decided_at = excluded.decided_at,
        earlier = jsonb_path_query_array(nudges_decision.earlier, '$[last - 18 to last]') || jsonb_build_object(
            'at', nudges_decision.decided_at, 'outcome', nudges_decision.outcome, 'reason', nudges_decision.reason,
            'rule', nudges_decision.rule, 'until', nudges_decision.allowed_at
        )
    RETURNING outcome, reason
)
SELECT outcome, reason, count(*) AS n FROM written GROUP BY outcome, reason ORDER BY outcome, reason
