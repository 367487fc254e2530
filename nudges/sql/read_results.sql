-- What became, within some days, of the customers whom a nudge (null: any) was meant for. Without keys: of those in the
-- holdout and of all others. Whoever passed every check up to the caps is in it, whether caps then let it through or not:
-- what holds back only who gets messages must not make the groups unlike. Service is never held out, so it is left out.
-- With the keys of variants: of whom each was chosen for, also where its words then ended or failed.
-- What customers did is read for the workspace as a whole, not for one after the other: a group may be everybody. The
-- groups are picked after they were counted, so that the planner does not take them for a handful.
-- Reads the ledger (decisions_of_nudge, decisions_recent), messages, events (event_deeds), needs, reviews, replies. Writes
-- nothing. Returns a row for each group and outcome: customers, how many got something, sum and sum of squares over them.
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
), grouped AS MATERIALIZED (
    SELECT customer_id, min(arm) AS arm, min(at) AS since, min(at) + %(days)s * interval '1 day' AS until, bool_or(got) AS got,
        min(arm) = max(arm) AND min(at) <= %(now)s - %(days)s * interval '1 day' AS counts  -- nobody who was in two groups
    FROM meant GROUP BY customer_id
), deed AS (
    SELECT e.customer_id, e.occurred_at AS at, e.name AS what,
        (CASE WHEN jsonb_typeof(e.properties -> 'revenue') = 'number' THEN e.properties -> 'revenue'
            WHEN jsonb_typeof(e.properties -> 'total') = 'number' THEN e.properties -> 'total' END)::float8 AS revenue
    FROM engagement_event AS e
    WHERE e.workspace_id = %(workspace)s AND e.received_at > %(since)s
      AND e.received_at >= (SELECT min(grouped.since) FROM grouped)  -- none is received before it happened
      AND e.name IN ('Order Completed', 'Order Refunded', 'Consent Changed')
      AND (e.name <> 'Consent Changed' OR e.properties ->> 'after' = 'denied')
    UNION ALL
    SELECT need.customer_id, need.closed_at, 'resolved', NULL FROM journeys_customerneed AS need
    WHERE need.workspace_id = %(workspace)s AND need.closed_reason = 'resolved' AND need.closed_at > %(since)s
    UNION ALL
    SELECT review.customer_id, review.submitted_at, 'fitted', NULL
    FROM reviews_review AS review
    JOIN reviews_reviewrating AS rating ON rating.review_id = review.id
    JOIN reviews_fittopic AS topic ON topic.workspace_id = review.workspace_id AND topic.slug = review.need_slug
    WHERE review.workspace_id = %(workspace)s AND rating.fit <> '' AND rating.fit = topic.good_option
      AND review.submitted_at > %(since)s
    UNION ALL
    SELECT reply.customer_id, reply.at, reply.kind, NULL
    FROM nudges_reply AS reply
    JOIN nudges_message AS answered ON answered.id = reply.message_id
    WHERE reply.workspace_id = %(workspace)s AND reply.undone_at IS NULL AND reply.at > %(since)s
      AND reply.kind IN ('helpful', 'not_relevant')
      AND (%(nudge)s::bigint IS NULL OR answered.nudge_id = %(nudge)s::bigint)
), told AS (  -- those who did something
    SELECT grouped.arm,
        coalesce(sum(deed.revenue) FILTER (WHERE deed.what = 'Order Completed'), 0) AS revenue,
        count(*) FILTER (WHERE deed.what = 'Order Completed') AS orders,
        count(*) FILTER (WHERE deed.what = 'Order Refunded') AS refunds,
        bool_or(deed.what = 'Consent Changed') AS has_left, bool_or(deed.what = 'resolved') AS is_resolved,
        bool_or(deed.what = 'fitted') AS has_fitted, bool_or(deed.what = 'helpful') AS was_helped,
        bool_or(deed.what = 'not_relevant') AS was_bothered
    FROM grouped
    JOIN deed ON deed.customer_id = grouped.customer_id AND deed.at >= grouped.since AND deed.at < grouped.until
    WHERE grouped.counts
    GROUP BY grouped.customer_id, grouped.arm
), summed AS (
    SELECT arm, count(*) FILTER (WHERE is_resolved) AS resolved, count(*) FILTER (WHERE has_fitted) AS fitted,
        count(*) FILTER (WHERE orders > refunds) AS kept, count(*) FILTER (WHERE was_helped) AS helpful,
        count(*) FILTER (WHERE was_bothered) AS not_relevant, count(*) FILTER (WHERE has_left) AS "left",
        count(*) FILTER (WHERE orders > 0) AS ordered, sum(revenue) AS revenue, sum(revenue * revenue) AS squares
    FROM told GROUP BY arm
), sized AS (
    SELECT arm, count(*) AS customers, count(*) FILTER (WHERE got) AS got FROM grouped WHERE counts GROUP BY arm
)
SELECT sized.arm, one.outcome, sized.customers, sized.got, coalesce(one.total, 0)::float8 AS total,
    coalesce(one.squares, 0)::float8 AS squares
FROM sized
LEFT JOIN summed ON summed.arm = sized.arm
CROSS JOIN LATERAL (VALUES  -- of a share the sum of squares is the sum
    ('resolved', summed.resolved::float8, summed.resolved::float8), ('fitted', summed.fitted, summed.fitted),
    ('kept', summed.kept, summed.kept), ('helpful', summed.helpful, summed.helpful),
    ('not_relevant', summed.not_relevant, summed.not_relevant), ('left', summed."left", summed."left"),
    ('ordered', summed.ordered, summed.ordered), ('revenue', summed.revenue, summed.squares)
) AS one (outcome, total, squares)
ORDER BY sized.arm, one.outcome
