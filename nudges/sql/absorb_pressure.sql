-- Joins the pressure of a customer found to be another into that other's, newest first, and leaves the first empty.
-- The caller holds both rows. Reads and writes pressure. Returns nothing.
WITH joined AS (
    SELECT coalesce(array_agg(past.at ORDER BY past.at DESC, past.message_id DESC), '{}') AS sent_at,
        coalesce(array_agg(past.message_id ORDER BY past.at DESC, past.message_id DESC), '{}') AS message_ids,
        coalesce(array_agg(past.channel ORDER BY past.at DESC, past.message_id DESC), '{}') AS channels,
        coalesce(array_agg(past.category ORDER BY past.at DESC, past.message_id DESC), '{}') AS categories,
        coalesce(array_agg(past.interest ORDER BY past.at DESC, past.message_id DESC), '{}') AS interests,
        coalesce(array_agg(past.promise ORDER BY past.at DESC, past.message_id DESC), '{}') AS promises,
        coalesce(array_agg(past.flow ORDER BY past.at DESC, past.message_id DESC), '{}') AS flows,
        coalesce(array_agg(past.need ORDER BY past.at DESC, past.message_id DESC), '{}') AS needs,
        coalesce(array_agg(past.zone ORDER BY past.at DESC, past.message_id DESC), '{}') AS zones
    FROM nudges_pressure AS p
    CROSS JOIN LATERAL unnest(
        p.sent_at, p.message_ids, p.channels, p.categories, p.interests, p.promises, p.flows, p.needs, p.zones
    ) AS past (at, message_id, channel, category, interest, promise, flow, need, zone)
    WHERE p.customer_id IN (%(source)s, %(target)s)
), emptied AS (
    UPDATE nudges_pressure
    SET sent_at = '{}', message_ids = '{}', channels = '{}', categories = '{}', interests = '{}', promises = '{}',
        flows = '{}', needs = '{}', zones = '{}'
    WHERE customer_id = %(source)s
)
UPDATE nudges_pressure AS p
SET sent_at = joined.sent_at, message_ids = joined.message_ids, channels = joined.channels,
    categories = joined.categories, interests = joined.interests, promises = joined.promises, flows = joined.flows,
    needs = joined.needs, zones = joined.zones
FROM joined WHERE p.customer_id = %(target)s
