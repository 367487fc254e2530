-- What became, within some days, of the customers whom a nudge (null: any) was meant for: of those in the holdout and of
-- all others. Whoever passed every check up to the caps is in it, whether caps then let it through or not: what holds back
-- only who gets messages must not make the groups unlike. Service is never held out, so it is left out.
-- Reads the ledger (decisions_of_nudge, decisions_recent), events, needs, reviews, replies. Writes nothing.
-- Returns a row for each group and outcome: customers, how many got something, sum and sum of squares over them.
WITH chosen AS MATERIALIZED (
    SELECT d.customer_id, bool_or(d.in_holdout) AS is_held_out, min(candidate.put_forward_at) AS since,
        bool_or(d.outcome = 'send') AS got
    FROM nudges_decision AS d
    JOIN nudges_candidate AS candidate ON candidate.id = d.candidate_id
    JOIN nudges_nudge AS nudge ON nudge.id = d.nudge_id
    WHERE d.workspace_id = %(workspace)s AND (%(nudge)s::bigint IS NULL OR d.nudge_id = %(nudge)s::bigint)
      AND d.decided_at > %(since)s AND candidate.put_forward_at > %(since)s AND nudge.promise <> 'service'
      AND (d.context ->> 'place' IS NOT NULL OR d.earlier @? '$[*] ? (
          @.reason == "capped" || @.reason == "adapted" || @.reason == "min_gap" || @.reason == "own_cap" || @.reason == "outranked"
      )')
    GROUP BY d.customer_id
    HAVING count(DISTINCT d.in_holdout) = 1  -- nobody who came from one group into the other
       AND min(candidate.put_forward_at) <= %(now)s - %(days)s * interval '1 day'
), told AS (
    SELECT chosen.customer_id, chosen.is_held_out, chosen.got, deeds.*, needs.resolved, reviewed.fitted, replied.helpful
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
        SELECT count(*) AS helpful FROM nudges_reply AS reply
        WHERE reply.customer_id = chosen.customer_id AND reply.kind = 'helpful' AND reply.undone_at IS NULL
          AND reply.at >= chosen.since AND reply.at < until.at
    ) AS replied
)
SELECT told.is_held_out, one.outcome, count(*) AS customers, count(*) FILTER (WHERE told.got) AS got,
       sum(one.value) AS total, sum(one.value * one.value) AS squares
FROM told
CROSS JOIN LATERAL (VALUES
    ('resolved', (told.resolved > 0)::integer::float8), ('fitted', (told.fitted > 0)::integer::float8),
    ('kept', (told.orders > told.refunds)::integer::float8), ('helpful', (told.helpful > 0)::integer::float8),
    ('left', (told.refusals > 0)::integer::float8), ('ordered', (told.orders > 0)::integer::float8),
    ('revenue', told.revenue)
) AS one (outcome, value)
GROUP BY told.is_held_out, one.outcome
ORDER BY told.is_held_out, one.outcome
