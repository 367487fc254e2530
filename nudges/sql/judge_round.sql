-- Round k judges the k-th candidate of every customer at once. What the rounds before decided to send counts already.
-- Every rule that bears is counted; of those that are used up, the one that frees last is reported.
-- Runs after claim_customers.sql, in a statement of its own, so that it sees what other workers committed before they
-- let go of the lock. Counts without an upper bound in time: what a faster clock decided is in the future and counts.
-- Reads pressure, `bearing`. Writes the run's `deciding` for candidates that are held back; the others stay open.
WITH counted AS (
    SELECT b.candidate_id, b.rule, b.reason, b.limit, used.count, used.count_before, used.used_by, used.rival,
        -- With the limit's worth of them left, one must go: the limit-th to free makes room.
        used.frees_at[b.limit] AS frees_at
    FROM deciding AS d
    JOIN bearing AS b ON b.candidate_id = d.candidate_id
    LEFT JOIN nudges_pressure AS p ON p.customer_id = d.customer_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, count(*) FILTER (WHERE one.rival IS NULL) AS count_before,
            array_remove(array_agg(one.message_id ORDER BY one.frees_at DESC, one.message_id DESC), NULL) AS used_by,
            array_agg(one.frees_at ORDER BY one.frees_at DESC) AS frees_at,
            (array_agg(one.rival ORDER BY one.place) FILTER (WHERE one.rival IS NOT NULL))[1] AS rival
        FROM (
            SELECT x.*, nudges_frees_at(x.at, b.seconds, b.unit, d.zone, x.zone) AS frees_at
            FROM (
                SELECT past.*, NULL::bigint AS rival, NULL::integer AS place
                FROM unnest(
                    p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
                ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
                WHERE past.at > %(now)s - b.reach
                UNION ALL
                SELECT s.decided_at, s.message_id, s.channel, s.category, s.interest, s.promise, s.flow, s.need, s.zone,
                       s.candidate_id, s.place
                FROM deciding AS s
                WHERE s.customer_id = d.customer_id AND s.place BETWEEN 1 AND %(round)s - 1
                    AND s.reason IN ('sent', 'holdout') AND s.counts
            ) AS x
            WHERE b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN x.channel WHEN 'category' THEN x.category
                WHEN 'interest' THEN x.interest WHEN 'promise' THEN x.promise WHEN 'flow' THEN x.flow
                WHEN 'need' THEN x.need END
        ) AS one
        WHERE one.frees_at > %(now)s
    ) AS used
    WHERE d.place = %(round)s AND d.reason IS NULL
), held AS (
    SELECT DISTINCT ON (candidate_id) counted.*,
        bool_or(count_before >= counted.limit) OVER (PARTITION BY candidate_id) AS was_held
    FROM counted WHERE count >= counted.limit
    -- First what no waiting helps against: never (a limit of 0), and the business budget.
    ORDER BY candidate_id, (reason = 'business_budget' OR counted.limit = 0) DESC, frees_at DESC NULLS FIRST, rule
)
UPDATE deciding AS d
SET rule = held.rule, "limit" = held.limit, count = held.count, used_by = held.used_by,
    allowed_at = nudges_awake_at(held.frees_at, d.zone, d.quiet_start, d.quiet_end, d.own_start, d.own_end),
    -- Outranked: without the better candidates of this very run nothing would hold it back.
    reason = CASE WHEN held.was_held THEN held.reason ELSE 'outranked' END,
    winner_id = CASE WHEN NOT held.was_held THEN held.rival END
FROM held WHERE held.candidate_id = d.candidate_id
