-- How much of each cap in force one customer has used now, and when there is room again.
-- The same counting as judge_round.sql: what counts until it frees, in the customer's zone and the one of then.
-- Reads caps, the customer's pressure. Writes nothing. Returns a row for each cap and subject that it bears on.
WITH used AS (
    SELECT past.* FROM nudges_pressure AS p
    CROSS JOIN LATERAL unnest(
        p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
    ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
    WHERE p.customer_id = %(customer)s
), bearing AS (
    SELECT c.id AS cap_id, c.limit, u.message_id, CASE c.scope
        WHEN 'any' THEN '' WHEN 'channel' THEN u.channel WHEN 'category' THEN u.category
        WHEN 'interest' THEN u.interest WHEN 'promise' THEN u.promise WHEN 'flow' THEN u.flow
        WHEN 'need' THEN u.need END AS subject,
        c.scope_value, nudges_frees_at(u.at, c.seconds, c.unit, %(zone)s, u.zone) AS frees_at
    FROM nudges_cap AS c LEFT JOIN used AS u ON true
    WHERE c.workspace_id = %(workspace)s AND c.archived_at IS NULL
), counting AS (
    SELECT * FROM bearing WHERE frees_at > %(now)s AND (scope_value = '' OR subject = scope_value)
)
SELECT c.cap_id, coalesce(n.subject, '') AS subject, coalesce(n.count, 0) AS count, n.frees_at, n.used_by
FROM (SELECT DISTINCT cap_id FROM bearing) AS c
LEFT JOIN LATERAL (
    SELECT subject, count(*) AS count,
        -- With the limit's worth of them left, one must go: the limit-th to free makes room.
        (array_agg(frees_at ORDER BY frees_at DESC))[max("limit")] AS frees_at,
        array_agg(message_id ORDER BY frees_at DESC) AS used_by
    FROM counting WHERE counting.cap_id = c.cap_id GROUP BY subject
) AS n ON true
ORDER BY c.cap_id, n.count DESC NULLS LAST
