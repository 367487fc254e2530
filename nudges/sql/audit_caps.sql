-- Recounts the whole ledger: every message that counts, with those before it that counted when it was decided, against
-- every rule that was in force. Independent of the pressure arrays. What comes back broke a rule: it must be nothing.
-- A rule is held against what was decided five minutes after its last change or later (a run that began before the
-- change may still have gone by the old one), and no longer once it is archived. Exempt service messages may exceed a
-- rule, but count. A cap with a floor binds as low as the customer's level, frozen with the decision, made it. What was decided for another customer counts from the moment at which the two were found to be one.
-- Set-based: a message can only break a rule of `limit` when the message `limit` before it that the rule counts is within
-- reach; only those suspects are counted out. For the customers after one id up to another, so that memory is bounded.
-- Reads messages, decisions, caps, policies, preferences. Writes nothing.
-- Returns workspace_id, customer_id, message_id, rule, limit, count.
WITH rules AS MATERIALIZED (
    SELECT workspace_id, NULL::bigint AS customer_id, 'cap:' || id AS rule, scope, scope_value, seconds, nullif(unit, '') AS unit,
           "limit"::integer AS "limit", floor::integer AS floor, changed_at, archived_at
    FROM nudges_cap
    UNION ALL
    SELECT workspace_id, NULL, 'min_gap', 'any', '', min_gap_seconds, NULL, 1, NULL, changed_at, NULL
    FROM nudges_policy WHERE min_gap_seconds > 0
    UNION ALL
    SELECT workspace_id, NULL, 'business_limit', 'interest', 'business', business_window_seconds, NULL,
           business_limit, NULL, changed_at, NULL
    FROM nudges_policy WHERE business_limit IS NOT NULL
    UNION ALL
    SELECT workspace_id, customer_id, 'preference:max_per_week', 'any', '', 604800, NULL, max_per_week, NULL, updated_at, NULL
    FROM nudges_preference
    WHERE max_per_week IS NOT NULL AND customer_id > %(after)s AND customer_id <= %(upto)s
), counting AS MATERIALIZED (
    SELECT m.id, m.workspace_id, m.customer_id, m.decided_at, m.zone, m.moved_at,
           coalesce(m.moved_from, m.customer_id) AS decided_for, m.channel, m.interest, m.promise, m.flow, m.need_slug,
           category.slug AS category, (decision.context ->> 'level')::float8 AS level, coalesce((decision.context ->> 'exempt')::boolean, false) AS is_exempt
    FROM nudges_message AS m
    JOIN engagement_category AS category ON category.id = m.category_id
    LEFT JOIN nudges_decision AS decision ON decision.candidate_id = m.candidate_id
    WHERE m.counts AND m.channel <> 'inbox' AND m.customer_id > %(after)s AND m.customer_id <= %(upto)s
), ruled AS (
    SELECT m.*, r.rule, r.scope, r.seconds, r.unit, held.limit, own.subject,
        NOT m.is_exempt AND (r.changed_at IS NULL OR m.decided_at > r.changed_at + interval '5 minutes')
            AND (r.archived_at IS NULL OR m.decided_at < r.archived_at) AS is_bound,
        lag(m.decided_at, held.limit) OVER (
            PARTITION BY m.customer_id, r.rule, own.subject ORDER BY m.decided_at, m.id
        ) AS one_too_many_since
    FROM counting AS m
    JOIN rules AS r ON r.workspace_id = m.workspace_id AND (r.customer_id IS NULL OR r.customer_id = m.customer_id)
    CROSS JOIN LATERAL (SELECT nudges_adapted(r.limit, r.floor, m.level) AS "limit") AS held
    CROSS JOIN LATERAL (SELECT CASE r.scope WHEN 'any' THEN '' WHEN 'channel' THEN m.channel WHEN 'category' THEN m.category
        WHEN 'interest' THEN m.interest WHEN 'promise' THEN m.promise WHEN 'flow' THEN m.flow
        WHEN 'need' THEN m.need_slug END AS subject) AS own
    WHERE r.scope = 'any' OR own.subject <> '' AND r.scope_value IN ('', own.subject)
), suspects AS MATERIALIZED (  -- a local day and a move over the date line reach back two days at most
    SELECT * FROM ruled
    WHERE is_bound AND one_too_many_since > decided_at - CASE WHEN seconds IS NOT NULL THEN seconds * interval '1 second'
        ELSE CASE unit WHEN 'day' THEN interval '3 days' WHEN 'week' THEN interval '9 days' ELSE interval '33 days' END END
)
SELECT j.workspace_id, j.customer_id, j.id AS message_id, j.rule, j.limit, count(*) AS count
FROM suspects AS j
JOIN counting AS e ON e.customer_id = j.customer_id AND (e.decided_at, e.id) <= (j.decided_at, j.id)
    AND (e.decided_for = j.decided_for OR e.moved_at <= j.decided_at)
    AND j.subject = CASE j.scope WHEN 'any' THEN '' WHEN 'channel' THEN e.channel WHEN 'category' THEN e.category
        WHEN 'interest' THEN e.interest WHEN 'promise' THEN e.promise WHEN 'flow' THEN e.flow
        WHEN 'need' THEN e.need_slug END
WHERE nudges_frees_at(e.decided_at, j.seconds, j.unit, coalesce(nullif(j.zone, ''), 'UTC'), e.zone) > j.decided_at
GROUP BY j.workspace_id, j.customer_id, j.id, j.rule, j.limit
HAVING count(*) > j.limit
ORDER BY j.workspace_id, j.customer_id, j.id, j.rule
