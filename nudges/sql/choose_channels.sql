-- Chooses the first of each nudge's channels that the customer allows, can be reached on and responds to; where there is
-- none, the first that they allow and can be reached on; else says what is missing. A channel is not responded to when
-- the last 5 messages by it (those at least 72 hours old) got no sign in a row: no reply, click or open. The inbox and a
-- staff task need no address, and are always responded to.
-- Reads consents, addresses, pressure, reception. Writes channel, address, else reason and rule of the run's `deciding`.
WITH ways AS MATERIALIZED (  -- so that each way is looked at once
    SELECT d.candidate_id, way.place, way.channel,
        CASE WHEN d.opt_in THEN consent.state IS NOT DISTINCT FROM 'granted'
            ELSE consent.state IS DISTINCT FROM 'denied' END AS is_allowed,
        way.channel IN ('inbox', 'staff_task') OR known.is_usable IS TRUE AS is_usable,
        known.is_usable IS FALSE AS is_suppressed,
        way.channel IN ('inbox', 'staff_task') OR cardinality(d.channels) = 1 OR (
            SELECT count(*) < 5 FROM unnest(p.sent_at, p.channels) AS past (at, channel)
            WHERE past.channel = way.channel AND past.at <= %(now)s - interval '72 hours'
              AND past.at > coalesce((
                  SELECT max(x.at) FROM unnest(p.sent_at, p.channels, p.message_ids) AS x (at, channel, id)
                  WHERE x.channel = way.channel AND x.id = ANY (reception.message_ids)
              ), '-infinity')
        ) AS responds,
        coalesce(known.value, '') AS address
    FROM deciding AS d
    CROSS JOIN LATERAL unnest(d.channels) WITH ORDINALITY AS way (channel, place)
    LEFT JOIN engagement_consent AS consent ON consent.customer_id = d.customer_id
        AND consent.category_id = d.category_id AND consent.channel = way.channel
    LEFT JOIN nudges_pressure AS p ON p.customer_id = d.customer_id
    LEFT JOIN nudges_reception AS reception ON reception.customer_id = d.customer_id
    LEFT JOIN LATERAL (  -- a usable address before a suppressed one, a verified one first, then the latest
        SELECT a.value, a.suppressed_at IS NULL AS is_usable
        FROM engagement_address AS a
        WHERE a.customer_id = d.customer_id AND a.channel = way.channel
        ORDER BY a.suppressed_at IS NOT NULL, a.verified_at IS NULL, a.updated_at DESC, a.id DESC LIMIT 1
    ) AS known ON true
    WHERE d.reason IS NULL
), best AS (
    SELECT candidate_id,
        (array_agg(channel ORDER BY responds DESC, place) FILTER (WHERE is_allowed AND is_usable))[1] AS channel,
        (array_agg(address ORDER BY responds DESC, place) FILTER (WHERE is_allowed AND is_usable))[1] AS address,
        (array_agg(channel ORDER BY place) FILTER (WHERE is_allowed AND is_suppressed))[1] AS suppressed,
        bool_or(is_allowed) AS is_allowed
    FROM ways GROUP BY candidate_id
)
UPDATE deciding AS d
SET channel = best.channel, address = best.address,
    reason = CASE WHEN best.channel IS NOT NULL THEN NULL WHEN NOT best.is_allowed THEN 'no_consent'
        WHEN best.suppressed IS NOT NULL THEN 'suppressed_address' ELSE 'unreachable' END,
    rule = CASE WHEN best.channel IS NOT NULL THEN NULL WHEN NOT best.is_allowed THEN 'consent:' || d.category
        WHEN best.suppressed IS NOT NULL THEN 'address:' || best.suppressed ELSE 'address' END
FROM best WHERE best.candidate_id = d.candidate_id
