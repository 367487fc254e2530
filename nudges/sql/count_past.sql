-- Counts, for each rule that bears on a customer's candidates, what was sent before and has not freed its slot: once a run, since no
-- round changes it. A rule that cannot be used up even if all better candidates of the run were sent is left out.
-- Counts without an upper bound in time: what a faster clock decided is in the future and counts.
-- Reads the run's `bearing`, `past`. Writes its `counted`.
WITH used AS (
    SELECT b.id, count(*) AS count,
        array_agg(past.message_id ORDER BY frees.at DESC, past.message_id DESC) AS message_ids,
        array_agg(frees.at ORDER BY frees.at DESC, past.message_id DESC) AS frees_at
    FROM bearing AS b
    JOIN past ON past.customer_id = b.customer_id
    CROSS JOIN LATERAL (SELECT nudges_frees_at(past.at, b.seconds, b.unit, b.zone, past.zone) AS at) AS frees
    WHERE past.at > b.since
      AND b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN past.channel WHEN 'category' THEN past.category
        WHEN 'interest' THEN past.interest WHEN 'promise' THEN past.promise WHEN 'flow' THEN past.flow
        WHEN 'need' THEN past.need END
      AND (b.seconds IS NOT NULL OR frees.at > %(now)s::timestamptz)  -- `since` is exact for a rolling window
    GROUP BY b.id
)
INSERT INTO counted
SELECT b.id, b.customer_id, b.zone, b.rule, b.reason, b.scope, b.subject, b.seconds, b.unit, b.limit,
       coalesce(used.count, 0), coalesce(used.message_ids, '{}'), coalesce(used.frees_at, '{}')
FROM bearing AS b
LEFT JOIN used ON used.id = b.id
WHERE coalesce(used.count, 0) + b.last > b.limit
