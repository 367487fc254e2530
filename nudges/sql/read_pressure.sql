-- How much of each limit in force one customer has used now, and when there is room again: caps (as low as the customer's
-- level makes them), the minimum gap, the budget for what serves the business, and the customer's own limit.
-- The same rules and counting as in deciding: what counts until it frees, in the customer's zone and the one of then.
-- Reads caps, policies, preferences, the customer's pressure. Writes nothing.
-- Returns a row for each rule and subject that it bears on: rule, limit, most (without the level), subject, count, …
WITH rules AS (
    SELECT 'cap:' || id AS rule, scope, scope_value, seconds, nullif(unit, '') AS unit, "limit"::integer AS most,
           nudges_adapted("limit", floor, %(level)s) AS "limit"
    FROM nudges_cap WHERE workspace_id = %(workspace)s AND archived_at IS NULL
    UNION ALL
    SELECT 'min_gap', 'any', '', min_gap_seconds, NULL, 1, 1
    FROM nudges_policy WHERE workspace_id = %(workspace)s AND min_gap_seconds > 0
    UNION ALL
    SELECT 'business_limit', 'interest', 'business', business_window_seconds, NULL, business_limit, business_limit
    FROM nudges_policy WHERE workspace_id = %(workspace)s AND business_limit IS NOT NULL
    UNION ALL
    SELECT 'preference:max_per_week', 'any', '', 604800, NULL, max_per_week, max_per_week
    FROM nudges_preference WHERE customer_id = %(customer)s AND max_per_week IS NOT NULL
), used AS (
    SELECT past.* FROM nudges_pressure AS p
    CROSS JOIN LATERAL unnest(
        p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
    ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
    WHERE p.customer_id = %(customer)s
), counting AS (
    SELECT r.rule, r.limit, u.message_id, own.subject, nudges_frees_at(u.at, r.seconds, r.unit, %(zone)s, u.zone) AS frees_at
    FROM rules AS r CROSS JOIN used AS u
    CROSS JOIN LATERAL (SELECT CASE r.scope
        WHEN 'any' THEN '' WHEN 'channel' THEN u.channel WHEN 'category' THEN u.category
        WHEN 'interest' THEN u.interest WHEN 'promise' THEN u.promise WHEN 'flow' THEN u.flow
        WHEN 'need' THEN u.need END AS subject) AS own
    WHERE r.scope = 'any' OR own.subject <> '' AND r.scope_value IN ('', own.subject)
)
SELECT r.rule, r.limit, r.most, coalesce(n.subject, '') AS subject, coalesce(n.count, 0) AS count, n.frees_at, n.used_by
FROM rules AS r
LEFT JOIN LATERAL (
    SELECT subject, count(*) AS count,
        -- With the limit's worth of them left, one must go: the limit-th to free makes room.
        (array_agg(frees_at ORDER BY frees_at DESC))[max("limit")] AS frees_at,
        array_agg(message_id ORDER BY frees_at DESC) AS used_by
    FROM counting WHERE counting.rule = r.rule AND frees_at > %(now)s GROUP BY subject
) AS n ON true
ORDER BY r.rule, n.count DESC NULLS LAST
