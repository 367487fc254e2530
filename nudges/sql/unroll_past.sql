-- Unrolls the pressure of the customers on whom a rule bears, as far back as any rule reaches: one row a message.
-- Runs after claim_customers.sql, in a statement of its own, so that it sees what other workers committed before they
-- let go of the lock.
-- Reads `bearing`, pressure. Writes the run's `past`.
INSERT INTO past
SELECT *
FROM (
    SELECT p.customer_id, unnest(p.sent_at) AS at, unnest(p.message_ids) AS message_id, unnest(p.channels) AS channel,
        unnest(p.categories) AS category, unnest(p.interests) AS interest, unnest(p.promises) AS promise,
        unnest(p.flows) AS flow, unnest(p.needs) AS need, unnest(p.zones) AS zone
    FROM nudges_pressure AS p
    WHERE p.customer_id = ANY (ARRAY(SELECT DISTINCT customer_id FROM bearing))
) AS unrolled
WHERE at > (SELECT min(since) FROM bearing)
