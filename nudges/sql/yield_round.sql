-- Look-ahead: a candidate of this round yields where it would take the last slot of a better one that is scheduled: were
-- it sent now, the other would find a rule used up at its time, and would not without it.
-- `at_its_time` counts what still counts then: the past, what this run sends, and better ones scheduled before it.
-- Reads the run's `bearing`, pressure. Writes its `deciding`: reason, winner and rule of those that yield.
WITH pairs AS MATERIALIZED (
    SELECT row_number() OVER () AS id, low.candidate_id, low.customer_id, low.place, low.zone,
        high.candidate_id AS winner_id, high.place AS winners_place, high.scheduled_at, high.zone AS winners_zone,
        b.rule, b.limit, b.scope, b.subject, b.seconds, b.unit
    FROM deciding AS low
    JOIN bearing AS b ON b.customer_id = low.customer_id AND b.subject = CASE b.scope WHEN 'any' THEN ''
        WHEN 'channel' THEN low.channel WHEN 'category' THEN low.category WHEN 'interest' THEN low.interest
        WHEN 'promise' THEN low.promise WHEN 'flow' THEN low.flow WHEN 'need' THEN low.need END
    JOIN deciding AS high ON high.customer_id = low.customer_id AND high.scheduled_at IS NOT NULL AND high.reason IS NULL
        AND high.place < low.place AND NOT high.exempt
        AND b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN high.channel
            WHEN 'category' THEN high.category WHEN 'interest' THEN high.interest WHEN 'promise' THEN high.promise
            WHEN 'flow' THEN high.flow WHEN 'need' THEN high.need END
    WHERE low.place = %(round)s::integer AND low.reason IS NULL AND low.scheduled_at IS NULL AND low.counts AND NOT low.exempt
      AND nudges_frees_at(%(now)s::timestamptz, b.seconds, b.unit, low.zone, low.zone) > high.scheduled_at
), past AS (
    SELECT p.customer_id, unnest(p.sent_at) AS at, unnest(p.message_ids) AS message_id, unnest(p.channels) AS channel,
        unnest(p.categories) AS category, unnest(p.interests) AS interest, unnest(p.promises) AS promise,
        unnest(p.flows) AS flow, unnest(p.needs) AS need, unnest(p.zones) AS zone
    FROM nudges_pressure AS p
    WHERE p.customer_id = ANY (ARRAY(SELECT DISTINCT customer_id FROM pairs))
), others AS (
    SELECT customer_id, 0 AS place, NULL::bigint AS candidate_id, at, message_id, channel, category, interest, promise, flow,
           need, zone, NULL::timestamptz AS scheduled_at
    FROM past
    UNION ALL
    SELECT customer_id, place, candidate_id, coalesce(scheduled_at, decided_at), message_id, channel, category, interest,
           promise, flow, need, zone, scheduled_at
    FROM deciding
    WHERE place >= 1 AND counts AND reason IS NULL
), at_its_time AS (
    SELECT pairs.id, count(*) AS count, array_remove(array_agg(x.message_id ORDER BY x.at DESC, x.message_id DESC), NULL) AS used_by
    FROM pairs
    JOIN others AS x ON x.customer_id = pairs.customer_id AND x.place < pairs.place
        AND x.candidate_id IS DISTINCT FROM pairs.winner_id
        AND pairs.subject = CASE pairs.scope WHEN 'any' THEN '' WHEN 'channel' THEN x.channel
            WHEN 'category' THEN x.category WHEN 'interest' THEN x.interest WHEN 'promise' THEN x.promise
            WHEN 'flow' THEN x.flow WHEN 'need' THEN x.need END
    WHERE (x.scheduled_at IS NULL OR x.scheduled_at <= pairs.scheduled_at)
      AND nudges_frees_at(x.at, pairs.seconds, pairs.unit, pairs.zone, x.zone) > pairs.scheduled_at
    GROUP BY pairs.id
), held AS (
    SELECT DISTINCT ON (pairs.candidate_id) pairs.*, coalesce(at_its_time.count, 0) + 1 AS count, at_its_time.used_by,
        nudges_frees_at(pairs.scheduled_at, pairs.seconds, pairs.unit, pairs.winners_zone, pairs.winners_zone) AS frees_at
    FROM pairs LEFT JOIN at_its_time ON at_its_time.id = pairs.id
    WHERE coalesce(at_its_time.count, 0) = pairs.limit - 1
    ORDER BY pairs.candidate_id, winners_place, frees_at DESC, rule
)
UPDATE deciding AS d
SET reason = 'outranked', winner_id = held.winner_id, rule = held.rule, "limit" = held.limit, count = held.count,
    used_by = coalesce(held.used_by, '{}'),
    allowed_at = nudges_sendable_at(
        held.frees_at, d.zone, d.quiet_start, d.quiet_end, d.own_start, d.own_end, d.send_week
    )
FROM held WHERE held.candidate_id = d.candidate_id
