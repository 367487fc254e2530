-- Adds the run's counting messages to their customers' pressure, newest first, and lets go of what is older than any
-- window (90 days): the arrays are in order, so what stays is their beginning.
-- Reads `deciding`. Writes pressure, whose rows this worker has locked.
WITH added AS (
    SELECT customer_id, array_agg(decided_at ORDER BY place DESC) AS sent_at,
        array_agg(message_id ORDER BY place DESC) AS message_ids, array_agg(channel ORDER BY place DESC) AS channels,
        array_agg(category ORDER BY place DESC) AS categories, array_agg(interest ORDER BY place DESC) AS interests,
        array_agg(promise ORDER BY place DESC) AS promises, array_agg(flow ORDER BY place DESC) AS flows,
        array_agg(need ORDER BY place DESC) AS needs, array_agg(zone ORDER BY place DESC) AS zones
    FROM deciding WHERE outcome = 'send' AND counts AND channel <> 'inbox' GROUP BY customer_id
)
UPDATE nudges_pressure AS p
SET sent_at = added.sent_at || CASE WHEN kept.n IS NULL THEN p.sent_at ELSE p.sent_at[:kept.n] END,
    message_ids = added.message_ids || CASE WHEN kept.n IS NULL THEN p.message_ids ELSE p.message_ids[:kept.n] END,
    channels = added.channels || CASE WHEN kept.n IS NULL THEN p.channels ELSE p.channels[:kept.n] END,
    categories = added.categories || CASE WHEN kept.n IS NULL THEN p.categories ELSE p.categories[:kept.n] END,
    interests = added.interests || CASE WHEN kept.n IS NULL THEN p.interests ELSE p.interests[:kept.n] END,
    promises = added.promises || CASE WHEN kept.n IS NULL THEN p.promises ELSE p.promises[:kept.n] END,
    flows = added.flows || CASE WHEN kept.n IS NULL THEN p.flows ELSE p.flows[:kept.n] END,
    needs = added.needs || CASE WHEN kept.n IS NULL THEN p.needs ELSE p.needs[:kept.n] END,
    zones = added.zones || CASE WHEN kept.n IS NULL THEN p.zones ELSE p.zones[:kept.n] END
FROM added
JOIN (
    SELECT customer_id, CASE WHEN sent_at[cardinality(sent_at)] <= %(now)s::timestamptz - interval '91 days' THEN (
        SELECT count(*)::integer FROM unnest(sent_at) AS past (at) WHERE past.at > %(now)s::timestamptz - interval '91 days'
    ) END AS n  -- null: all
    FROM nudges_pressure
    WHERE customer_id = ANY (ARRAY(SELECT customer_id FROM added))
) AS kept ON kept.customer_id = added.customer_id
WHERE p.customer_id = added.customer_id
