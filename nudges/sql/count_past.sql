-- Counts, for each rule that bears on a candidate, what was sent before and has not freed its slot: once a run, since no
-- round changes it. Each customer's arrays are unrolled once, whatever the number of candidates and rules.
-- A rule that cannot be used up even if all better candidates of the run were sent is left out.
-- Runs after claim_customers.sql, in a statement of its own, so that it sees what other workers committed before they
-- let go of the lock. Counts without an upper bound in time: what a faster clock decided is in the future and counts.
-- Reads `deciding`, `bearing`, pressure. Writes the run's `counted`.
WITH past AS MATERIALIZED (
    SELECT p.customer_id, unnest(p.sent_at) AS at, unnest(p.message_ids) AS message_id, unnest(p.channels) AS channel,
        unnest(p.categories) AS category, unnest(p.interests) AS interest, unnest(p.promises) AS promise,
        unnest(p.flows) AS flow, unnest(p.needs) AS need, unnest(p.zones) AS zone
    FROM (SELECT DISTINCT customer_id FROM deciding JOIN bearing USING (candidate_id)) AS asked
    JOIN nudges_pressure AS p ON p.customer_id = asked.customer_id
), used AS (
    SELECT b.id, count(*) AS count,
        array_agg(past.message_id ORDER BY frees.at DESC, past.message_id DESC) AS message_ids,
        array_agg(frees.at ORDER BY frees.at DESC, past.message_id DESC) AS frees_at
    FROM bearing AS b
    JOIN deciding AS d ON d.candidate_id = b.candidate_id
    JOIN past ON past.customer_id = d.customer_id
    CROSS JOIN LATERAL (SELECT nudges_frees_at(past.at, b.seconds, b.unit, d.zone, past.zone) AS at) AS frees
    WHERE past.at > %(now)s - b.reach AND frees.at > %(now)s
      AND b.subject = CASE b.scope WHEN 'any' THEN '' WHEN 'channel' THEN past.channel WHEN 'category' THEN past.category
        WHEN 'interest' THEN past.interest WHEN 'promise' THEN past.promise WHEN 'flow' THEN past.flow
        WHEN 'need' THEN past.need END
    GROUP BY b.id
)
INSERT INTO counted (
    id, place, candidate_id, rule, reason, scope, subject, seconds, unit, "limit", count, message_ids, frees_at
)
SELECT b.id, d.place, b.candidate_id, b.rule, b.reason, b.scope, b.subject, b.seconds, b.unit, b.limit,
       coalesce(used.count, 0), coalesce(used.message_ids, '{}'), coalesce(used.frees_at, '{}')
FROM bearing AS b
JOIN deciding AS d ON d.candidate_id = b.candidate_id
LEFT JOIN used ON used.id = b.id
WHERE coalesce(used.count, 0) + d.place > b.limit
