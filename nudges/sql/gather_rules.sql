-- Finds the rules that bear on a customer's ranked candidates, each with what they must have in common with the messages
-- that count, its `subject`: their channel, category, … The minimum gap is a cap of one in the gap, the customer's own
-- limit a cap in 7 days, the business budget a cap on one interest: one way of counting serves all.
-- Leaves out what cannot hold anything back whatever the rounds bring: were all the candidates with its subject sent but
-- one, `limit` is reached only when the (limit - candidates + 1)-th newest message is within reach. The arrays are in
-- order, so that is one look.
-- A cap with a floor follows the customer's level (docs/adaptive-cap.md): never above its limit.
-- Reads caps, policies, `deciding`. Writes the run's `bearing`.
WITH rules AS MATERIALIZED (
    SELECT row_number() OVER () AS id, each.*,
        -- a local day and a move over the date line reach back two days at most
        %(now)s::timestamptz - CASE WHEN seconds IS NOT NULL THEN seconds * interval '1 second' ELSE CASE unit
            WHEN 'day' THEN interval '3 days' WHEN 'week' THEN interval '9 days' ELSE interval '33 days' END END AS since
    FROM (
        SELECT workspace_id, 'cap:' || id AS rule, 'capped' AS reason, scope, scope_value, seconds, nullif(unit, '') AS unit,
               "limit"::integer AS most, floor::integer AS floor
        FROM nudges_cap WHERE workspace_id = ANY (%(workspaces)s::bigint[]) AND archived_at IS NULL
        UNION ALL
        SELECT workspace_id, 'min_gap', 'min_gap', 'any', '', min_gap_seconds, NULL, 1, NULL
        FROM nudges_policy WHERE workspace_id = ANY (%(workspaces)s::bigint[]) AND min_gap_seconds > 0
        UNION ALL
        SELECT workspace_id, 'business_limit', 'business_budget', 'interest', 'business', business_window_seconds, NULL,
               business_limit, NULL
        FROM nudges_policy WHERE workspace_id = ANY (%(workspaces)s::bigint[]) AND business_limit IS NOT NULL
        UNION ALL
        SELECT workspace_id, 'preference:max_per_week', 'own_cap', 'any', '', 604800, NULL, NULL, NULL  -- the customer says it
        FROM unnest(%(workspaces)s::bigint[]) AS own (workspace_id)
    ) AS each
), people AS MATERIALIZED (  -- what is the same for all candidates of a customer
    SELECT customer_id, any_value(workspace_id) AS workspace_id, max(place) AS candidates, any_value(zone) AS zone,
        any_value(level) AS level, any_value(own_limit) AS own_limit, any_value(sent_at) AS sent_at
    FROM deciding WHERE place > 0 AND scheduled_at IS NULL AND NOT exempt
    GROUP BY customer_id
), asked AS (
    SELECT row_number() OVER () AS id, each.* FROM (
        SELECT people.customer_id, rules.id AS rule_id, '' AS subject, people.candidates
        FROM people
        JOIN rules ON rules.workspace_id = people.workspace_id AND rules.scope = 'any'
        WHERE rules.most IS NOT NULL OR people.own_limit IS NOT NULL
        UNION ALL
        SELECT d.customer_id, rules.id, own.subject, count(*)::integer
        FROM deciding AS d
        JOIN rules ON rules.workspace_id = d.workspace_id AND rules.scope <> 'any'
        CROSS JOIN LATERAL (SELECT CASE rules.scope WHEN 'channel' THEN d.channel
            WHEN 'category' THEN d.category WHEN 'interest' THEN d.interest WHEN 'promise' THEN d.promise
            WHEN 'flow' THEN d.flow WHEN 'need' THEN d.need END AS subject) AS own
        WHERE d.place > 0 AND own.subject <> '' AND rules.scope_value IN ('', own.subject)
        GROUP BY d.customer_id, rules.id, own.subject
        HAVING bool_or(d.scheduled_at IS NULL AND NOT d.exempt)
    ) AS each
)
INSERT INTO bearing (id, customer_id, candidates, zone, rule, reason, scope, subject, seconds, unit, "limit", since)
SELECT asked.id, asked.customer_id, asked.candidates, people.zone, rules.rule,
       CASE WHEN held.limit < rules.most THEN 'adapted' ELSE rules.reason END,
       rules.scope, asked.subject, rules.seconds, rules.unit, held.limit, rules.since
FROM asked
JOIN people ON people.customer_id = asked.customer_id
JOIN rules ON rules.id = asked.rule_id
CROSS JOIN LATERAL (
    SELECT coalesce(nudges_adapted(rules.most, rules.floor, people.level), people.own_limit) AS "limit"
) AS held
WHERE held.limit < asked.candidates OR people.sent_at[held.limit - asked.candidates + 1] > rules.since
