-- Finds the rules that bear on each ranked candidate. The minimum gap is a cap of one in the gap, the customer's own
-- limit a cap in 7 days, the business budget a cap on one interest: one way of counting serves all.
-- `subject` is what the messages that count must have in common with the candidate: its channel, category, …
-- Leaves out what cannot hold it back whatever the rounds bring: if all candidates ranked before it were sent, `limit` is
-- reached only when the (limit - place + 1)-th newest message is within reach. The arrays are in order, so that is one look.
-- A cap with a floor follows the customer's level (docs/adaptive-cap.md): never above its limit.
-- Reads caps, policies, pressure, `deciding`. Writes the run's `bearing`.
INSERT INTO bearing (candidate_id, rule, reason, scope, subject, seconds, unit, "limit", reach)
SELECT d.candidate_id, rules.rule, rules.reason, rules.scope, own.subject, rules.seconds, rules.unit, rules.limit, back.reach
FROM deciding AS d
LEFT JOIN nudges_pressure AS p ON p.customer_id = d.customer_id
CROSS JOIN LATERAL (
    SELECT 'cap:' || cap.id AS rule, CASE WHEN now.limit < cap.limit THEN 'adapted' ELSE 'capped' END AS reason, cap.scope,
           cap.scope_value, cap.seconds, nullif(cap.unit, '') AS unit, now.limit
    FROM nudges_cap AS cap
    CROSS JOIN LATERAL (SELECT nudges_adapted(cap.limit, cap.floor, d.level) AS "limit") AS now
    WHERE cap.workspace_id = d.workspace_id AND cap.archived_at IS NULL
    UNION ALL
    SELECT 'min_gap', 'min_gap', 'any', '', policy.min_gap_seconds, NULL, 1
    FROM nudges_policy AS policy WHERE policy.workspace_id = d.workspace_id AND policy.min_gap_seconds > 0
    UNION ALL
    SELECT 'business_limit', 'business_budget', 'interest', 'business', policy.business_window_seconds, NULL,
           policy.business_limit::integer
    FROM nudges_policy AS policy WHERE policy.workspace_id = d.workspace_id AND policy.business_limit IS NOT NULL
    UNION ALL
    SELECT 'preference:max_per_week', 'own_cap', 'any', '', 604800, NULL, d.own_limit WHERE d.own_limit IS NOT NULL
) AS rules
CROSS JOIN LATERAL (
    SELECT CASE rules.scope WHEN 'any' THEN '' WHEN 'channel' THEN d.channel WHEN 'category' THEN d.category
        WHEN 'interest' THEN d.interest WHEN 'promise' THEN d.promise WHEN 'flow' THEN d.flow
        WHEN 'need' THEN d.need END AS subject
) AS own
CROSS JOIN LATERAL (  -- a local day and a move over the date line reach back two days at most
    SELECT CASE WHEN rules.seconds IS NOT NULL THEN rules.seconds * interval '1 second' ELSE CASE rules.unit
        WHEN 'day' THEN interval '3 days' WHEN 'week' THEN interval '9 days' ELSE interval '33 days' END END AS reach
) AS back
WHERE d.place > 0 AND d.scheduled_at IS NULL AND NOT d.exempt
  AND (rules.scope = 'any' OR own.subject <> '' AND rules.scope_value IN ('', own.subject))
  AND (rules.limit < d.place OR p.sent_at[rules.limit - d.place + 1] > %(now)s - back.reach)
