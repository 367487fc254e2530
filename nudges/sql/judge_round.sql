-- Round k judges the k-th candidate of every customer at once. What the rounds before decided to send counts already.
-- Every rule that bears is counted; of those that are used up, the one that frees last is reported.
-- Reads `deciding`, `counted`. Writes the run's `deciding` for candidates that are held back; the others stay open.
WITH asking AS MATERIALIZED (
    SELECT d.candidate_id, d.decided_at, c.*
    FROM deciding AS d
    JOIN counted AS c ON c.customer_id = d.customer_id AND c.subject = CASE c.scope WHEN 'any' THEN ''
        WHEN 'channel' THEN d.channel WHEN 'category' THEN d.category WHEN 'interest' THEN d.interest
        WHEN 'promise' THEN d.promise WHEN 'flow' THEN d.flow WHEN 'need' THEN d.need END
    WHERE d.place = %(round)s::integer AND d.reason IS NULL AND d.scheduled_at IS NULL AND NOT d.exempt
      AND c.count + %(round)s::integer > c.limit  -- else the better candidates cannot use it up
), rivals AS (
    SELECT c.id, count(*) AS count, array_agg(s.candidate_id ORDER BY s.place DESC) AS candidate_ids,
        array_agg(s.message_id ORDER BY s.place DESC) AS message_ids
    FROM asking AS c
    JOIN deciding AS s ON s.customer_id = c.customer_id
        AND s.place BETWEEN 1 AND %(round)s::integer - 1 AND s.reason IS NULL AND s.scheduled_at IS NULL AND s.counts
        AND c.subject = CASE c.scope WHEN 'any' THEN '' WHEN 'channel' THEN s.channel WHEN 'category' THEN s.category
            WHEN 'interest' THEN s.interest WHEN 'promise' THEN s.promise WHEN 'flow' THEN s.flow
            WHEN 'need' THEN s.need END
    GROUP BY c.id
), full_rules AS (
    SELECT c.candidate_id, c.rule, c.reason, c.limit, used.count, rivals.candidate_ids[rivals.count] AS rival,
        rivals.message_ids AS rivals_ids, run.frees_at AS rivals_free_at, run.frees_last,
        c.message_ids AS past_ids, c.frees_at AS past_frees_at,
        -- With the limit's worth of them left, one must go: the limit-th to free makes room.
        CASE WHEN c.limit <= 0 THEN NULL
            WHEN NOT run.frees_last THEN (
                SELECT one.at FROM unnest(array_fill(run.frees_at, ARRAY[coalesce(rivals.count, 0)::integer]) || c.frees_at) AS one (at)
                ORDER BY one.at DESC OFFSET c.limit - 1 LIMIT 1
            )
            WHEN c.limit <= rivals.count THEN run.frees_at
            ELSE c.frees_at[c.limit - coalesce(rivals.count, 0)] END AS frees_at
    FROM asking AS c
    LEFT JOIN rivals ON rivals.id = c.id
    CROSS JOIN LATERAL (SELECT c.count + coalesce(rivals.count, 0) AS count) AS used
    -- All that a run sends to a customer frees at one moment. In a rolling window that is last, in a calendar's perhaps
    -- not: the customer may have moved.
    CROSS JOIN LATERAL (
        SELECT own.frees_at, c.seconds IS NOT NULL OR c.count = 0 OR own.frees_at >= c.frees_at[1] AS frees_last
        FROM (SELECT nudges_frees_at(c.decided_at, c.seconds, c.unit, c.zone, c.zone)) AS own (frees_at)
    ) AS run
    WHERE used.count >= c.limit
), held AS (
    SELECT DISTINCT ON (candidate_id) full_rules.*,
        candidate_id IN (SELECT candidate_id FROM asking WHERE asking.count >= asking.limit) AS was_held
    FROM full_rules
    -- First what no waiting helps against: never (a limit of 0), and the business budget.
    ORDER BY candidate_id, (reason = 'business_budget' OR full_rules.limit = 0) DESC, frees_at DESC NULLS FIRST, rule
)
UPDATE deciding AS d
SET rule = held.rule, "limit" = held.limit, count = held.count,
    -- What frees last comes first: as it stands, but in a calendar's window once the customer has moved.
    used_by = CASE WHEN held.rival IS NULL THEN held.past_ids
        WHEN held.frees_last THEN array_remove(held.rivals_ids, NULL) || held.past_ids ELSE ARRAY(
        SELECT one.id FROM unnest(held.rivals_ids || held.past_ids,
            array_fill(held.rivals_free_at, ARRAY[cardinality(held.rivals_ids)]) || held.past_frees_at) AS one (id, frees_at)
        WHERE one.id IS NOT NULL ORDER BY one.frees_at DESC, one.id DESC
    ) END,
    allowed_at = nudges_sendable_at(
        held.frees_at, d.zone, d.quiet_start, d.quiet_end, d.own_start, d.own_end, d.send_week
    ),
    -- Outranked: without the better candidates of this very run nothing would hold it back.
    reason = CASE WHEN held.was_held THEN held.reason ELSE 'outranked' END,
    winner_id = CASE WHEN NOT held.was_held THEN held.rival END
FROM held WHERE d.place = %(round)s::integer AND held.candidate_id = d.candidate_id
