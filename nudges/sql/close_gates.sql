-- Stops what should not be said at all: the nudge, its broadcast or flow, its time, its need, what has settled it, its conditions.
-- That comes before any question of the way.
-- Reads nudges, broadcasts, flows, stage changes, needs, entries, events. Writes reason, rule, allowed_at of the run's `facts`.
UPDATE facts AS d
SET reason = gate.reason, rule = gate.rule, allowed_at = gate.allowed_at, channel = NULL, address = NULL
FROM (
    SELECT x.candidate_id,
        CASE
            WHEN nudge.status <> 'active' AND nudge.id <> %(as_if_active)s::bigint THEN 'nudge_inactive'
            WHEN %(now)s::timestamptz > x.not_after THEN 'expired'
            WHEN broadcast.state = 'stopped' THEN 'broadcast_stopped'
            WHEN broadcast.state = 'paused' THEN 'broadcast_paused'
            WHEN flow.state = 'ended' THEN 'flow_ended'
            WHEN flow.state = 'paused' THEN 'flow_paused'
            WHEN run.state = 'exited' THEN 'left_flow'
            WHEN nudge.awaits_approval AND nudge.id <> %(as_if_active)s::bigint THEN 'unapproved'
            -- Without a need of its own, only a "not relevant" of the customer closes the matter.
            WHEN need.closed_at IS NOT NULL AND (x.is_of_need OR need.closed_reason = 'not_relevant')
                THEN 'need_closed'
            WHEN need.snoozed_until > %(now)s::timestamptz THEN 'snoozed'
            WHEN change.to_stage <> need.stage THEN 'stage_moved'
            WHEN settled.by IS NOT NULL THEN 'settled'
            WHEN unfit.nudge_id IS NOT NULL THEN 'conditions_not_met'
        END AS reason,
        CASE
            WHEN flow.state IN ('paused', 'ended') OR run.state = 'exited' THEN 'flow:' || flow.slug
            WHEN need.closed_at IS NOT NULL OR need.snoozed_until > %(now)s::timestamptz OR change.to_stage <> need.stage
                THEN 'need:' || x.need
            WHEN settled.by IS NOT NULL THEN settled.by
            WHEN unfit.nudge_id IS NOT NULL THEN 'conditions'
            ELSE ''
        END AS rule,
        CASE WHEN broadcast.state = 'paused' OR flow.state = 'paused' OR nudge.awaits_approval AND nudge.id <> %(as_if_active)s::bigint
            THEN x.not_after ELSE need.snoozed_until END AS allowed_at
    FROM facts AS x
    JOIN nudges_nudge AS nudge ON nudge.id = x.nudge_id
    LEFT JOIN nudges_broadcast AS broadcast ON broadcast.id = x.broadcast_id
    LEFT JOIN nudges_flowrun AS run ON run.id = x.flow_run_id
    LEFT JOIN nudges_flow AS flow ON flow.id = run.flow_id
    LEFT JOIN journeys_stagechange AS change ON change.id = x.stage_change_id
    LEFT JOIN journeys_customerneed AS need ON need.id = x.customer_need_id
    LEFT JOIN unnest(%(unfit_nudges)s::bigint[], %(unfit_customers)s::bigint[]) AS unfit (nudge_id, customer_id)
        ON unfit.nudge_id = x.nudge_id AND unfit.customer_id = x.customer_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN nudge.trigger = 'event' THEN nudges_settled_by(x.candidate_id, %(now)s::timestamptz) END AS by
    ) AS settled
) AS gate
WHERE gate.candidate_id = d.candidate_id AND gate.reason IS NOT NULL
