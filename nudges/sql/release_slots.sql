-- Takes messages that reached nobody out of what counts, in the ledger and in the pressure arrays alike.
-- The caller holds the pressure rows. Reads messages. Writes messages, pressure. Returns message_id.
WITH released AS (
    UPDATE nudges_message SET counts = false WHERE id = ANY (%(messages)s) AND counts RETURNING id, customer_id
), kept AS (
    SELECT p.customer_id, coalesce(array_agg(past.at ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS sent_at,
        coalesce(array_agg(past.message_id ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS message_ids,
        coalesce(array_agg(past.channel ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS channels,
        coalesce(array_agg(past.category ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS categories,
        coalesce(array_agg(past.interest ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS interests,
        coalesce(array_agg(past.promise ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS promises,
        coalesce(array_agg(past.flow ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS flows,
        coalesce(array_agg(past.need ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS needs,
        coalesce(array_agg(past.zone ORDER BY past.n) FILTER (WHERE past.stays), '{}') AS zones
    FROM nudges_pressure AS p
    CROSS JOIN LATERAL (
        SELECT u.*, u.message_id NOT IN (SELECT id FROM released) AS stays
        FROM unnest(
            p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
        ) WITH ORDINALITY AS u (at, message_id, channel, category, interest, promise, flow, need, zone, n)
    ) AS past
    WHERE p.customer_id IN (SELECT customer_id FROM released)
    GROUP BY p.customer_id
), rewritten AS (
    UPDATE nudges_pressure AS p
    SET sent_at = kept.sent_at, message_ids = kept.message_ids, channels = kept.channels, categories = kept.categories,
        interests = kept.interests, promises = kept.promises, flows = kept.flows, needs = kept.needs, zones = kept.zones
    FROM kept WHERE kept.customer_id = p.customer_id
)
SELECT id AS message_id FROM released ORDER BY id
