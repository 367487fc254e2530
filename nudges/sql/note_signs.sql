-- Writes anew which messages of some customers got a sign in the last 90 days, and what each sign was worth:
-- helpful 1, a changed situation 0.5, not now 0, not relevant -1; an open or click 0.25 where the topic was asked for
-- (the customer allowed it in so many words, or it answers them), else 0. Without a message (id 0): a complaint -8, a
-- topic left by an unsubscribe link -1. A sign of any worth ends a row of ignored messages.
-- The caller holds the reception rows. Reads messages, replies, consents, addresses. Writes reception. Returns nothing.
WITH told AS (
    SELECT m.customer_id, m.id AS message_id,
        coalesce(reply.at, m.replied_at, m.clicked_at, m.opened_at) AS at,
        CASE WHEN reply.at IS NOT NULL THEN reply.worth
            WHEN coalesce(m.clicked_at, m.opened_at) IS NOT NULL AND (m.promise = 'service' OR consent.state = 'granted')
                THEN 0.25
            ELSE 0 END AS worth
    FROM nudges_message AS m
    LEFT JOIN engagement_consent AS consent ON consent.customer_id = m.customer_id
        AND consent.category_id = m.category_id AND consent.channel = m.channel
    LEFT JOIN LATERAL (
        SELECT max(r.at) AS at, sum(CASE r.kind WHEN 'helpful' THEN 1 WHEN 'changed' THEN 0.5 WHEN 'not_relevant' THEN -1
            ELSE 0 END) AS worth
        FROM nudges_reply AS r WHERE r.message_id = m.id AND r.undone_at IS NULL
    ) AS reply ON true
    WHERE m.customer_id = ANY (%(customers)s) AND m.decided_at > %(now)s - interval '90 days'
      AND (m.replied_at IS NOT NULL OR m.clicked_at IS NOT NULL OR m.opened_at IS NOT NULL)
    UNION ALL
    SELECT a.customer_id, 0, a.suppressed_at, -8 FROM engagement_address AS a
    WHERE a.customer_id = ANY (%(customers)s) AND a.suppression_reason LIKE '%%complain%%'
      AND a.suppressed_at > %(now)s - interval '90 days'
    UNION ALL
    SELECT c.customer_id, 0, max(c.at), -1 FROM engagement_consent AS c
    WHERE c.customer_id = ANY (%(customers)s) AND c.state = 'denied' AND c.source IN ('one_click', 'unsubscribe_page')
      AND c.at > %(now)s - interval '90 days'
    GROUP BY c.customer_id, c.category_id
), joined AS (
    SELECT customer_id, array_agg(message_id ORDER BY at DESC, message_id DESC) AS message_ids,
        array_agg(at ORDER BY at DESC, message_id DESC) AS signs_at,
        array_agg(worth::float8 ORDER BY at DESC, message_id DESC) AS worths
    FROM told GROUP BY customer_id
)
UPDATE nudges_reception AS r
SET message_ids = coalesce(joined.message_ids, '{}'), signs_at = coalesce(joined.signs_at, '{}'),
    worths = coalesce(joined.worths, '{}')
FROM nudges_reception AS held LEFT JOIN joined ON joined.customer_id = held.customer_id
WHERE held.customer_id = ANY (%(customers)s) AND r.customer_id = held.customer_id
