-- What has come between deciding and sending: the same gates as in deciding, asked again as things are now.
-- Reads messages, candidates, nudges, broadcasts, flows, needs, consents, addresses, preferences, policies. Writes nothing.
-- Returns id, reason, rule, until for the messages that must not go now; `until` where waiting helps.
SELECT m.id, gate.reason, gate.until,
    CASE
        WHEN gate.reason = 'no_consent' THEN 'consent:' || category.slug
        WHEN gate.reason IN ('flow_ended', 'flow_paused', 'left_flow') THEN 'flow:' || flow.slug
        WHEN gate.reason IN ('unreachable', 'suppressed_address') THEN 'address:' || m.channel
        WHEN gate.reason IN ('need_closed', 'snoozed', 'stage_moved') THEN 'need:' || m.need_slug
        WHEN gate.reason = 'send_window' THEN 'send_window'
        WHEN gate.reason = 'paused' THEN 'preference:pause'
        WHEN gate.reason = 'conditions_not_met' THEN 'conditions'
        WHEN gate.reason = 'settled' THEN settled.by
        ELSE ''
    END AS rule
FROM nudges_message AS m
JOIN nudges_candidate AS candidate ON candidate.id = m.candidate_id
JOIN nudges_nudge AS nudge ON nudge.id = m.nudge_id
JOIN engagement_category AS category ON category.id = m.category_id
JOIN engagement_customer AS customer ON customer.id = m.customer_id
JOIN engagement_workspace AS workspace ON workspace.id = m.workspace_id
LEFT JOIN nudges_broadcast AS broadcast ON broadcast.id = candidate.broadcast_id
LEFT JOIN nudges_flowrun AS run ON run.id = candidate.flow_run_id
LEFT JOIN nudges_flow AS flow ON flow.id = run.flow_id
LEFT JOIN journeys_stagechange AS change ON change.id = candidate.stage_change_id
LEFT JOIN journeys_customerneed AS need ON need.id = m.customer_need_id
LEFT JOIN nudges_policy AS policy ON policy.workspace_id = m.workspace_id
LEFT JOIN nudges_preference AS preference ON preference.customer_id = m.customer_id
LEFT JOIN engagement_consent AS consent ON consent.customer_id = m.customer_id
    AND consent.category_id = m.category_id AND consent.channel = m.channel
LEFT JOIN engagement_address AS address ON address.customer_id = m.customer_id
    AND address.channel = m.channel AND address.value = m.address
LEFT JOIN unnest(%(unfit)s::bigint[]) AS unfit (message_id) ON unfit.message_id = m.id
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN customer.timezone = ANY (%(zones)s::text[]) THEN customer.timezone
            WHEN workspace.timezone = ANY (%(zones)s::text[]) THEN workspace.timezone ELSE 'UTC' END AS zone,
        -- As in deciding: a pause lets an exempt service message pass; quiet hours hold for everything that rings.
        m.channel <> 'inbox' AS rings,
        NOT nudge.respects_caps AND m.promise = 'service' AND coalesce(policy.allow_service_exempt, false) AS is_exempt,
        CASE WHEN category.opt_in THEN consent.state IS NOT DISTINCT FROM 'granted'
            ELSE consent.state IS DISTINCT FROM 'denied' END AS is_allowed,
        greatest(preference.paused_until,
                 (preference.paused_categories ->> m.category_id::text)::timestamptz) AS paused_until
) AS fact
CROSS JOIN LATERAL (
    SELECT greatest(
        nudges_quiet_until(%(now)s::timestamptz, fact.zone, policy.quiet_start, policy.quiet_end),
        nudges_quiet_until(%(now)s::timestamptz, fact.zone, preference.quiet_start, preference.quiet_end)
    ) AS until
) AS quiet
CROSS JOIN LATERAL ( -- as in deciding; null: never
    SELECT nudges_sendable_at(
        %(now)s::timestamptz, fact.zone, policy.quiet_start, policy.quiet_end, preference.quiet_start, preference.quiet_end,
        CASE WHEN m.promise = 'service' THEN nudge.send_week
            ELSE coalesce(policy.send_week * nudge.send_week, policy.send_week, nudge.send_week) END
    ) AS at
) AS sendable
CROSS JOIN LATERAL (
    SELECT CASE WHEN nudge.trigger = 'event' THEN nudges_settled_by(m.candidate_id, %(now)s::timestamptz) END AS by
) AS settled
CROSS JOIN LATERAL (
    SELECT CASE
            WHEN customer.merged_into_id IS NOT NULL THEN 'merged' -- its rows are just being moved to the other customer
            WHEN %(now)s::timestamptz > m.not_after THEN 'expired'
            WHEN nudge.status <> 'active' THEN 'nudge_inactive'
            WHEN broadcast.state = 'stopped' THEN 'broadcast_stopped'
            WHEN broadcast.state = 'paused' THEN 'broadcast_paused'
            WHEN flow.state = 'ended' THEN 'flow_ended'
            WHEN flow.state = 'paused' THEN 'flow_paused'
            WHEN run.state = 'exited' THEN 'left_flow'
            WHEN nudge.awaits_approval THEN 'unapproved'
            WHEN need.closed_at IS NOT NULL AND (candidate.customer_need_id IS NOT NULL OR need.closed_reason = 'not_relevant')
                THEN 'need_closed'
            WHEN need.snoozed_until > %(now)s::timestamptz THEN 'snoozed'
            WHEN change.to_stage <> need.stage THEN 'stage_moved'
            WHEN settled.by IS NOT NULL THEN 'settled'
            WHEN unfit.message_id IS NOT NULL THEN 'conditions_not_met'
            WHEN NOT fact.is_allowed THEN 'no_consent'
            WHEN m.channel IN ('inbox', 'staff_task') THEN NULL
            WHEN address.id IS NULL AND m.channel <> 'webhook' THEN 'unreachable' -- it goes to the shop's own program
            WHEN address.suppressed_at IS NOT NULL THEN 'suppressed_address'
            WHEN fact.rings AND fact.paused_until > %(now)s::timestamptz AND NOT fact.is_exempt THEN 'paused'
            WHEN fact.rings AND quiet.until IS NOT NULL THEN 'quiet_hours'
            WHEN fact.rings AND sendable.at IS DISTINCT FROM %(now)s::timestamptz THEN 'send_window'
        END AS reason,
        CASE
            WHEN customer.merged_into_id IS NOT NULL THEN %(now)s::timestamptz + interval '5 seconds'
            WHEN broadcast.state = 'paused' OR flow.state = 'paused' OR nudge.awaits_approval THEN %(now)s::timestamptz + interval '60 seconds'
            WHEN fact.rings THEN sendable.at
        END AS until
) AS gate
WHERE m.id = ANY (%(ids)s::bigint[]) AND gate.reason IS NOT NULL
