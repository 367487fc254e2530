-- Counts, for each rule that bears on a customer's candidates, what was sent before and has not freed its slot: once a run, since no
-- round changes it. A rule that cannot be used up even if all other candidates of its subject were sent is left out.
-- Counts without an upper bound in time: what a faster clock decided is in the future and counts.
-- Runs after claim_customers.sql, in a statement of its own, so that it sees what other workers committed before they
-- let go of the lock.
-- Reads the run's `bearing`, pressure. Writes its `counted`.
WITH past AS (  -- the pressure of the customers on whom a rule bears, as far back as any reaches: one row a message
    SELECT * FROM (
        SELECT p.customer_id, unnest(p.sent_at) AS at, unnest(p.message_ids) AS message_id, unnest(p.channels) AS channel,
            unnest(p.categories) AS category, unnest(p.interests) AS interest, unnest(p.promises) AS promise,
            unnest(p.flows) AS flow, unnest(p.needs) AS need, unnest(p.zones) AS zone
        FROM nudges_pressure AS p
        WHERE p.customer_id = ANY (ARRAY(SELECT DISTINCT customer_id FROM bearing))
    ) AS unrolled
    WHERE at > (SELECT min(since) FROM bearing)
), counting AS (
    SELECT b.id, b.seconds, past.message_id, nudges_frees_at(past.at, b.seconds, b.unit, b.zone, past.zone) AS frees_at
    FROM bearing AS b
    JOIN past ON past.customer_id = b.customer_id
    WHERE past.at > b.since
      AND b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN past.channel WHEN 'category' THEN past.category
        WHEN 'interest' THEN past.interest WHEN 'promise' THEN past.promise WHEN 'flow' THEN past.flow
        WHEN 'need' THEN past.need END
    OFFSET 0  -- so that each time is found once
), used AS (
    SELECT id, count(*) AS count, array_agg(message_id ORDER BY frees_at DESC, message_id DESC) AS message_ids,
        array_agg(frees_at ORDER BY frees_at DESC, message_id DESC) AS frees_at
    FROM counting
    WHERE seconds IS NOT NULL OR frees_at > %(now)s::timestamptz  -- `since` is exact for a rolling window
    GROUP BY id
)
INSERT INTO counted
SELECT b.id, b.customer_id, b.zone, b.rule, b.reason, b.scope, b.subject, b.seconds, b.unit, b.limit,
       coalesce(used.count, 0), coalesce(used.message_ids, '{}'), coalesce(used.frees_at, '{}')
FROM bearing AS b
LEFT JOIN used ON used.id = b.id
WHERE coalesce(used.count, 0) + b.candidates > b.limit
