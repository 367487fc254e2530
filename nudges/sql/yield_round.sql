-- Look-ahead: a candidate of this round yields where it would take the last slot of a better one that is scheduled: were
-- it sent now, the other would find a rule used up at its time, and would not without it.
-- `at_its_time` counts what still counts then: the past, what this run sends, and better ones scheduled before it.
-- Reads pressure, `bearing`. Writes the run's `deciding`: reason, winner and rule of those that yield.
UPDATE deciding AS d
SET reason = 'outranked', winner_id = held.winner_id, rule = held.rule, "limit" = held.limit, count = held.count,
    used_by = held.used_by,
    allowed_at = nudges_awake_at(held.frees_at, d.zone, d.quiet_start, d.quiet_end, d.own_start, d.own_end)
FROM (
    SELECT DISTINCT ON (low.candidate_id) low.candidate_id, high.candidate_id AS winner_id, b.rule, b.limit,
        at_its_time.count + 1 AS count, at_its_time.used_by,
        nudges_frees_at(high.scheduled_at, b.seconds, b.unit, high.zone, high.zone) AS frees_at
    FROM deciding AS low
    JOIN bearing AS b ON b.candidate_id = low.candidate_id
    JOIN deciding AS high ON high.customer_id = low.customer_id AND high.reason = 'ahead' AND high.place < low.place
        AND NOT high.exempt AND b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN high.channel
            WHEN 'category' THEN high.category WHEN 'interest' THEN high.interest WHEN 'promise' THEN high.promise
            WHEN 'flow' THEN high.flow WHEN 'need' THEN high.need END
    LEFT JOIN nudges_pressure AS p ON p.customer_id = low.customer_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, coalesce(array_remove(array_agg(x.message_id ORDER BY x.at DESC), NULL), '{}') AS used_by
        FROM (
            SELECT past.*
            FROM unnest(
                p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
            ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
            UNION ALL
            SELECT coalesce(s.scheduled_at, s.decided_at), s.message_id, s.channel, s.category, s.interest, s.promise,
                   s.flow, s.need, s.zone
            FROM deciding AS s
            WHERE s.customer_id = low.customer_id AND s.place BETWEEN 1 AND low.place - 1 AND s.counts
              AND s.candidate_id <> high.candidate_id
              AND (s.reason IN ('sent', 'holdout') OR s.reason = 'ahead' AND s.scheduled_at <= high.scheduled_at)
        ) AS x
        WHERE b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN x.channel WHEN 'category' THEN x.category
                WHEN 'interest' THEN x.interest WHEN 'promise' THEN x.promise WHEN 'flow' THEN x.flow
                WHEN 'need' THEN x.need END
          AND nudges_frees_at(x.at, b.seconds, b.unit, low.zone, x.zone) > high.scheduled_at
    ) AS at_its_time
    WHERE low.place = %(round)s AND low.reason IS NULL AND low.counts
      AND nudges_frees_at(%(now)s, b.seconds, b.unit, low.zone, low.zone) > high.scheduled_at
      AND at_its_time.count = b.limit - 1
    ORDER BY low.candidate_id, high.place, frees_at DESC, b.rule
) AS held
WHERE held.candidate_id = d.candidate_id
