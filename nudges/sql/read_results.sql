-- What became, within some days, of the customers whom a nudge (null: any) was meant for. Without keys: of those in the
-- holdout and of all others. Whoever passed every check up to the caps is in it, whether caps then let it through or not:
-- what holds back only who gets messages must not make the groups unlike. Service is never held out, so it is left out.
-- With the keys of variants: of whom each was chosen for, also where its words then ended or failed.
-- Reads the ledger (decisions_of_nudge, decisions_recent), messages, events, needs, reviews, replies. Writes nothing.
-- Returns a row for each group and outcome: customers, how many got something, sum and sum of squares over them.
WITH meant AS (
    SELECT d.customer_id, CASE WHEN d.in_holdout THEN 'holdout' ELSE 'treated' END AS arm, candidate.put_forward_at AS at,
        d.outcome = 'send' AS got
    FROM nudges_decision AS d
    JOIN nudges_candidate AS candidate ON candidate.id = d.candidate_id
    JOIN nudges_nudge AS nudge ON nudge.id = d.nudge_id
    WHERE %(keys)s::text[] IS NULL AND d.workspace_id = %(workspace)s AND (%(nudge)s::bigint IS NULL OR d.nudge_id = %(nudge)s::bigint)
      AND d.decided_at > %(since)s AND candidate.put_forward_at > %(since)s AND nudge.promise <> 'service'
      AND (d.context ->> 'place' IS NOT NULL OR d.earlier @? '$[*] ? (
          @.reason == "capped" || @.reason == "adapted" || @.reason == "min_gap" || @.reason == "own_cap" || @.reason == "outranked"
      )')
    UNION ALL
    SELECT message.customer_id, message.variant, message.decided_at, message.sent_at IS NOT NULL
    FROM nudges_decision AS d
    JOIN nudges_message AS message ON message.candidate_id = d.candidate_id
    WHERE d.workspace_id = %(workspace)s AND d.nudge_id = %(nudge)s::bigint AND d.decided_at > %(since)s
      AND message.decided_at > %(since)s AND message.variant = ANY (%(keys)s::text[])
), chosen AS MATERIALIZED (
    SELECT customer_id, min(arm) AS arm, min(at) AS since, bool_or(got) AS got FROM meant
    GROUP BY customer_id
    HAVING count(DISTINCT arm) = 1  -- nobody who came from one group into another
       AND min(at) <= %(now)s - %(days)s * interval '1 day'
), told AS (
    SELECT chosen.customer_id, chosen.arm, chosen.got, deeds.*, needs.resolved, reviewed.fitted, replied.*
    FROM chosen
    CROSS JOIN LATERAL (SELECT chosen.since + %(days)s * interval '1 day' AS at) AS until
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE e.name = 'Order Completed') AS orders,
            count(*) FILTER (WHERE e.name = 'Order Refunded') AS refunds,
            coalesce(sum((CASE WHEN jsonb_typeof(e.properties -> 'revenue') = 'number' THEN e.properties -> 'revenue'
                WHEN jsonb_typeof(e.properties -> 'total') = 'number' THEN e.properties -> 'total' END)::float8
            ) FILTER (WHERE e.name = 'Order Completed'), 0) AS revenue,
            count(*) FILTER (WHERE e.name = 'Consent Changed' AND e.properties ->> 'after' = 'denied') AS refusals
        FROM engagement_event AS e
        WHERE e.customer_id = chosen.customer_id AND e.workspace_id = %(workspace)s AND e.received_at > %(since)s
          AND e.name IN ('Order Completed', 'Order Refunded', 'Consent Changed')
          AND e.occurred_at >= chosen.since AND e.occurred_at < until.at
    ) AS deeds
    CROSS JOIN LATERAL (
        SELECT count(*) AS resolved FROM journeys_customerneed AS need
        WHERE need.customer_id = chosen.customer_id AND need.closed_reason = 'resolved'
          AND need.closed_at >= chosen.since AND need.closed_at < until.at
    ) AS needs
    CROSS JOIN LATERAL (
        SELECT count(*) AS fitted
        FROM reviews_review AS review
        JOIN reviews_reviewrating AS rating ON rating.review_id = review.id
        JOIN reviews_fittopic AS topic ON topic.workspace_id = review.workspace_id AND topic.slug = review.need_slug
        WHERE review.customer_id = chosen.customer_id AND rating.fit <> '' AND rating.fit = topic.good_option
          AND review.submitted_at >= chosen.since AND review.submitted_at < until.at
    ) AS reviewed
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE reply.kind = 'helpful') AS helpful,
            count(*) FILTER (WHERE reply.kind = 'not_relevant') AS not_relevant
        FROM nudges_reply AS reply
        JOIN nudges_message AS answered ON answered.id = reply.message_id
        WHERE reply.customer_id = chosen.customer_id AND reply.undone_at IS NULL
          AND (%(nudge)s::bigint IS NULL OR answered.nudge_id = %(nudge)s::bigint)
          AND reply.at >= chosen.since AND reply.at < until.at
    ) AS replied
)
SELECT told.arm, one.outcome, count(*) AS customers, count(*) FILTER (WHERE told.got) AS got,
       sum(one.value) AS total, sum(one.value * one.value) AS squares
FROM told
CROSS JOIN LATERAL (VALUES
    ('resolved', (told.resolved > 0)::integer::float8), ('fitted', (told.fitted > 0)::integer::float8),
    ('kept', (told.orders > told.refunds)::integer::float8), ('helpful', (told.helpful > 0)::integer::float8),
    ('not_relevant', (told.not_relevant > 0)::integer::float8),
    ('left', (told.refusals > 0)::integer::float8), ('ordered', (told.orders > 0)::integer::float8),
    ('revenue', told.revenue)
) AS one (outcome, value)
GROUP BY told.arm, one.outcome
ORDER BY told.arm, one.outcome
