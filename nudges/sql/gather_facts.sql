-- Puts beside each candidate what deciding must know of its nudge, customer, need and policy, as it is now. What is a
-- customer's or a nudge's own is looked up once for all candidates of theirs.
-- Reads the run's `ways`, nudges, flows, their worth, categories, customers, needs, policies, preferences, pressure, reception. Writes the run's `facts`.
WITH people AS MATERIALIZED (
    SELECT c.customer_id, place.zone, place.is_held_out, pressure.sent_at, preference.max_per_week, preference.paused_until,
        preference.paused_categories, preference.quiet_start AS own_start, preference.quiet_end AS own_end,
        policy.quiet_start, policy.quiet_end, policy.send_week, coalesce(policy.version, 0) AS policy_version,
        coalesce(policy.allow_service_exempt, false) AS allow_service_exempt,
        CASE WHEN policy.is_adaptive AND NOT place.is_held_out THEN (
            SELECT received.level FROM nudges_reception(
                %(now)s::timestamptz, pressure.sent_at, pressure.message_ids, pressure.promises,
                reception.message_ids, reception.signs_at, reception.worths
            ) AS received
        ) END AS level
    FROM (SELECT DISTINCT workspace_id, customer_id FROM considered) AS c
    JOIN engagement_customer AS customer ON customer.id = c.customer_id
    -- Every customer has one; joined outside, it leaves the planner's guess of how many people there are as it is.
    LEFT JOIN engagement_workspace AS workspace ON workspace.id = c.workspace_id
    LEFT JOIN nudges_policy AS policy ON policy.workspace_id = c.workspace_id
    -- Looked up (OFFSET 0 keeps it so): there are as many as there are customers.
    LEFT JOIN LATERAL (SELECT * FROM nudges_preference WHERE customer_id = c.customer_id OFFSET 0) AS preference ON true
    LEFT JOIN nudges_pressure AS pressure ON pressure.customer_id = c.customer_id
    LEFT JOIN LATERAL (SELECT * FROM nudges_reception WHERE customer_id = c.customer_id OFFSET 0) AS reception ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN customer.timezone = ANY (%(zones)s::text[]) THEN customer.timezone
            WHEN workspace.timezone = ANY (%(zones)s::text[]) THEN workspace.timezone ELSE 'UTC' END AS zone,
            -- A stable share of the customers. tests/nudges/reference.py has the same in Python.
            ('x' || left(encode(sha256(convert_to(workspace.holdout_salt || c.customer_id, 'UTF8')), 'hex'), 15)
                )::bit(60)::bigint %% 10000 < workspace.holdout_percent * 100 AS is_held_out
    ) AS place
), said AS MATERIALIZED (
    SELECT nudge.*, category.slug AS category
    FROM nudges_nudge AS nudge JOIN engagement_category AS category ON category.id = nudge.category_id
    WHERE nudge.id IN (SELECT nudge_id FROM considered)
)
INSERT INTO facts (
    candidate_id, workspace_id, customer_id, nudge_id, nudge_version, broadcast_id, put_forward_at, not_after,
    scheduled_at, reason, rule, channel, address, category_id, category, interest, promise, priority, value, on_cap, exempt, counts, flow,
    customer_need_id, is_of_need, stage_change_id, flow_run_id, need, stage, relevance, zone, in_holdout, own_limit, paused_until, quiet_start, quiet_end, own_start,
    own_end, send_week, sent_at, level, policy_version
)
SELECT
    c.candidate_id, c.workspace_id, c.customer_id, c.nudge_id, nudge.version, c.broadcast_id, c.put_forward_at, c.not_after,
    c.scheduled_at, way.obstacle,
    coalesce(way.rule, CASE WHEN nudge.promise <> 'service' AND own.is_held_out THEN 'holdout' ELSE '' END),
    way.channel, way.address, nudge.category_id, nudge.category, nudge.interest, nudge.promise,
    nudge.priority, coalesce(worth.value, nudge.expected_value), nudge.on_cap,
    NOT nudge.respects_caps AND nudge.promise = 'service' AND own.allow_service_exempt, nudge.counts,
    -- By a subquery, which is run only where there is a way through a flow.
    coalesce(CASE WHEN c.flow_run_id IS NOT NULL THEN (
        SELECT flow.slug FROM nudges_flowrun AS run JOIN nudges_flow AS flow ON flow.id = run.flow_id
        WHERE run.id = c.flow_run_id
    ) END, ''),
    need.id, c.customer_need_id IS NOT NULL, c.stage_change_id, c.flow_run_id, coalesce(kind.slug, ''), coalesce(need.stage, ''),
    -- A need that is closed or has gone quiet is no current one.
    CASE WHEN need.closed_at IS NULL AND need.dormant_since IS NULL
        THEN coalesce(array_position(%(stages)s::text[], need.stage::text), 0) ELSE 0 END,
    own.zone, nudge.promise <> 'service' AND own.is_held_out, own.max_per_week,
    greatest(own.paused_until, (own.paused_categories ->> nudge.category_id::text)::timestamptz),
    own.quiet_start, own.quiet_end, own.own_start, own.own_end,
    -- The workspace's hours are not for what the customer waits for; the nudge's own are.
    CASE WHEN nudge.promise = 'service' THEN nudge.send_week
        ELSE coalesce(own.send_week * nudge.send_week, own.send_week, nudge.send_week) END,
    own.sent_at, own.level, own.policy_version
FROM considered AS c
JOIN said AS nudge ON nudge.id = c.nudge_id
JOIN people AS own ON own.customer_id = c.customer_id
LEFT JOIN ways AS way ON way.candidate_id = c.candidate_id
LEFT JOIN LATERAL (  -- the need that it was put forward for, else the latest of the kind that the nudge is about
    SELECT n.id, n.need_id, n.stage, n.closed_at, n.dormant_since FROM journeys_customerneed AS n
    WHERE coalesce(c.customer_need_id, nudge.trigger_need_id) IS NOT NULL AND n.id = coalesce(c.customer_need_id, (
        SELECT latest.id FROM journeys_customerneed AS latest
        WHERE latest.customer_id = c.customer_id AND latest.need_id = nudge.trigger_need_id
        ORDER BY latest.sequence DESC LIMIT 1
    ))
    OFFSET 0
) AS need ON true
LEFT JOIN nudges_nudgeworth AS worth ON worth.nudge_id = nudge.id AND worth.stage = coalesce(need.stage, '')
LEFT JOIN journeys_need AS kind ON kind.id = coalesce(need.need_id, nudge.trigger_need_id)
