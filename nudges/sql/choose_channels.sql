-- Chooses the first of each nudge's channels that the customer allows, can be reached on and responds to; where there is
-- none, the first that they allow and can be reached on; else says what is missing. A channel is not responded to when
-- the last 5 messages by it (those at least 72 hours old) got no sign in a row: no reply, click or open; asked only where
-- there is a choice. The inbox and a staff task need no address, and are always responded to; a webhook's is the
-- workspace's own.
-- Reads the run's `considered`, nudges, categories, consents, addresses, accounts, pressure, reception. Writes its `ways`.
WITH asked AS MATERIALIZED (
    SELECT ARRAY(SELECT DISTINCT customer_id FROM considered) AS customers
), offered AS MATERIALIZED (
    SELECT nudge.id AS nudge_id, nudge.category_id, category.slug AS category, category.opt_in, way.channel, way.place,
        cardinality(nudge.channels) > 1 AS is_choice
    FROM nudges_nudge AS nudge
    CROSS JOIN LATERAL (SELECT slug, opt_in FROM engagement_category WHERE id = nudge.category_id OFFSET 0) AS category
    CROSS JOIN LATERAL unnest(nudge.channels) WITH ORDINALITY AS way (channel, place)
    WHERE nudge.id = ANY (ARRAY(SELECT DISTINCT nudge_id FROM considered))
), known AS MATERIALIZED (  -- a usable address before a suppressed one, a verified one first, then the latest
    SELECT DISTINCT ON (customer_id, channel) customer_id, channel, value, suppressed_at IS NULL AS is_usable
    FROM engagement_address
    WHERE customer_id = ANY ((SELECT customers FROM asked)::bigint[])
    ORDER BY customer_id, channel, suppressed_at IS NOT NULL, verified_at IS NULL, updated_at DESC, id DESC
), consents AS MATERIALIZED (
    SELECT customer_id, category_id, channel, state FROM engagement_consent
    WHERE customer_id = ANY ((SELECT customers FROM asked)::bigint[])
), open AS MATERIALIZED (
    SELECT c.candidate_id, c.customer_id, way.category, way.place, way.channel, way.is_choice,
        coalesce(known.value, '') AS address, CASE
            WHEN way.opt_in AND consent.state IS DISTINCT FROM 'granted' OR consent.state = 'denied' THEN 'no_consent'
            WHEN way.channel IN ('inbox', 'staff_task') OR known.is_usable THEN NULL
            WHEN way.channel = 'webhook' AND EXISTS (
                SELECT 1 FROM nudges_channelaccount AS a
                WHERE a.workspace_id = c.workspace_id AND a.channel = 'webhook'
            ) THEN NULL
            WHEN known.is_usable IS FALSE THEN 'suppressed_address'
            ELSE 'unreachable'
        END AS obstacle
    FROM considered AS c
    JOIN offered AS way ON way.nudge_id = c.nudge_id
    LEFT JOIN consents AS consent ON consent.customer_id = c.customer_id
        AND consent.category_id = way.category_id AND consent.channel = way.channel
    LEFT JOIN known ON known.customer_id = c.customer_id AND known.channel = way.channel
), choice AS MATERIALIZED (  -- the ways of those who have several
    SELECT DISTINCT customer_id, channel FROM open
    WHERE obstacle IS NULL AND channel NOT IN ('inbox', 'staff_task') AND candidate_id IN (
        SELECT candidate_id FROM open WHERE is_choice AND obstacle IS NULL GROUP BY candidate_id HAVING count(*) > 1
    )
), silent AS MATERIALIZED (
    SELECT choice.customer_id, choice.channel
    FROM choice
    JOIN (
        SELECT * FROM nudges_pressure WHERE customer_id = ANY (ARRAY(SELECT DISTINCT customer_id FROM choice))
    ) AS p ON p.customer_id = choice.customer_id
    WHERE cardinality(array_positions(p.channels, choice.channel)) >= 5 AND (
        SELECT count(*) >= 5
        FROM unnest(p.sent_at, p.channels) AS past (at, channel)
        WHERE past.channel = choice.channel AND past.at <= %(now)s::timestamptz - interval '72 hours' AND past.at > coalesce((
            SELECT max(x.at)
            FROM nudges_reception AS r
            CROSS JOIN unnest(p.sent_at, p.channels, p.message_ids) AS x (at, channel, id)
            WHERE r.customer_id = p.customer_id AND x.channel = choice.channel AND x.id = ANY (r.message_ids)
        ), '-infinity')
    )
)
INSERT INTO ways (candidate_id, channel, address, obstacle, rule)
SELECT DISTINCT ON (candidate_id) candidate_id,  -- where there is no way, the one that came furthest says what is missing
    CASE WHEN obstacle IS NULL THEN open.channel END, CASE WHEN obstacle IS NULL THEN address END, obstacle,
    CASE obstacle WHEN 'no_consent' THEN 'consent:' || category WHEN 'suppressed_address' THEN 'address:' || open.channel
        WHEN 'unreachable' THEN 'address' END
FROM open
LEFT JOIN silent ON obstacle IS NULL AND silent.customer_id = open.customer_id AND silent.channel = open.channel
ORDER BY candidate_id, CASE WHEN obstacle IS NULL THEN 0 ELSE array_position(ARRAY['suppressed_address', 'unreachable', 'no_consent'], obstacle) END,
    silent.channel IS NOT NULL, place
