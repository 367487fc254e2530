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
SET sent_at = added.sent_at || p.sent_at[:kept.n], message_ids = added.message_ids || p.message_ids[:kept.n],
    channels = added.channels || p.channels[:kept.n], categories = added.categories || p.categories[:kept.n],
    interests = added.interests || p.interests[:kept.n], promises = added.promises || p.promises[:kept.n],
    flows = added.flows || p.flows[:kept.n], needs = added.needs || p.needs[:kept.n], zones = added.zones || p.zones[:kept.n]
FROM added
JOIN nudges_pressure AS before ON before.customer_id = added.customer_id
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS n FROM unnest(before.sent_at) AS past (at) WHERE past.at > %(now)s::timestamptz - interval '91 days'
) AS kept
WHERE p.customer_id = added.customer_id
