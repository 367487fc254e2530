-- Explains in the ledger why customers were not put forward at all: the nudge's conditions did not fit them then, or they
-- were not let into a flow whose first nudge it is.
-- Reads candidates just made that wait for nothing, nudges, needs, policies. Writes decisions. Returns nothing.
INSERT INTO nudges_decision (
    workspace_id, candidate_id, customer_id, nudge_id, nudge_version, customer_need_id, outcome, reason, rule,
    policy_version, used_by, stage, channel, in_holdout, context, earlier, decided_at
)
SELECT c.workspace_id, c.id, c.customer_id, c.nudge_id, nudge.version, c.customer_need_id, 'suppress', given.reason,
       given.rule, coalesce(policy.version, 0), '{}', coalesce(need.stage, ''), '', false, '{}', '[]', %(now)s
FROM unnest(%(candidates)s::bigint[], %(reasons)s::text[], %(rules)s::text[]) AS given (candidate_id, reason, rule)
JOIN nudges_candidate AS c ON c.id = given.candidate_id
JOIN nudges_nudge AS nudge ON nudge.id = c.nudge_id
LEFT JOIN nudges_policy AS policy ON policy.workspace_id = c.workspace_id
LEFT JOIN journeys_customerneed AS need ON need.id = c.customer_need_id
ORDER BY c.id
