-- Round k judges the k-th candidate of every customer at once. What the rounds before decided to send counts already.
-- Every rule that bears is counted; of those that are used up, the one that frees last is reported.
-- Runs after claim_customers.sql, in a statement of its own, so that it sees what other workers committed before they
-- let go of the lock. Counts without an upper bound in time: what a faster clock decided is in the future and counts.
-- Reads pressure, `bearing`. Writes the run's `deciding` for candidates that are held back; the others stay open.
WITH turn AS (
    SELECT * FROM deciding WHERE place = %(round)s AND reason IS NULL
), used AS (
    SELECT turn.candidate_id, past.*, NULL::bigint AS rival, NULL::integer AS rival_place
    FROM turn
    JOIN nudges_pressure AS p ON p.customer_id = turn.customer_id
    CROSS JOIN LATERAL unnest(
        p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
    ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
    UNION ALL
    SELECT turn.candidate_id, s.decided_at, s.message_id, s.channel, s.category, s.interest, s.promise, s.flow, s.need,
           s.zone, s.candidate_id, s.place
    FROM turn
    JOIN deciding AS s ON s.customer_id = turn.customer_id AND s.place BETWEEN 1 AND %(round)s - 1
        AND s.reason IN ('sent', 'holdout') AND s.counts
), counting AS (
    SELECT b.candidate_id, b.rule, b.reason, b.limit, used.message_id, used.rival, used.rival_place, frees.at AS frees_at
    FROM turn
    JOIN bearing AS b ON b.candidate_id = turn.candidate_id
    JOIN used ON used.candidate_id = b.candidate_id AND b.subject = CASE b.scope
        WHEN 'any' THEN '' WHEN 'channel' THEN used.channel WHEN 'category' THEN used.category
        WHEN 'interest' THEN used.interest WHEN 'promise' THEN used.promise WHEN 'flow' THEN used.flow
        WHEN 'need' THEN used.need END
    CROSS JOIN LATERAL (SELECT nudges_frees_at(used.at, b.seconds, b.unit, turn.zone, used.zone)) AS frees (at)
    WHERE frees.at > %(now)s
), counted AS (
    SELECT b.candidate_id, b.rule, b.reason, b.limit,
        count(c.frees_at) AS count, count(c.frees_at) FILTER (WHERE c.rival IS NULL) AS count_before,
        array_remove(array_agg(c.message_id ORDER BY c.frees_at DESC, c.message_id DESC), NULL) AS used_by,
        -- With the limit's worth of them left, one must go: the limit-th to free makes room.
        (array_agg(c.frees_at ORDER BY c.frees_at DESC))[b.limit] AS frees_at,
        (array_agg(c.rival ORDER BY c.rival_place) FILTER (WHERE c.rival IS NOT NULL))[1] AS rival
    FROM turn
    JOIN bearing AS b ON b.candidate_id = turn.candidate_id
    LEFT JOIN counting AS c ON c.candidate_id = b.candidate_id AND c.rule = b.rule
    GROUP BY b.candidate_id, b.rule, b.reason, b.limit
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
