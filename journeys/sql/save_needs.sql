-- Write customers' needs as they were told: new ones, and those that stand under the same sequence. In the order of the
-- sequence, so that an older one is closed before the next is opened. `due_at` is part of it.
-- reads: - | writes: journeys_customerneed | returns: id, customer_id, need_id, sequence
INSERT INTO journeys_customerneed (
    workspace_id, customer_id, need_id, sequence, stage, stage_since, probability, beliefs, as_of, evidence, state,
    opened_at, dormant_since, snoozed_until, closed_at, closed_reason, due_at
)
SELECT
    workspace_id, customer_id, need_id, sequence, stage, stage_since, probability, beliefs, as_of, evidence, state,
    opened_at, dormant_since, snoozed_until, closed_at, closed_reason, due_at
FROM jsonb_to_recordset(%(needs)s::jsonb) AS told (
    workspace_id bigint, customer_id bigint, need_id bigint, sequence smallint, stage text, stage_since timestamptz,
    probability float8, beliefs float8[], as_of timestamptz, evidence jsonb, state jsonb, opened_at timestamptz,
    dormant_since timestamptz, snoozed_until timestamptz, closed_at timestamptz, closed_reason text, due_at timestamptz
)
ORDER BY customer_id, need_id, sequence
ON CONFLICT (customer_id, need_id, sequence) DO UPDATE
SET stage = excluded.stage,
    stage_since = excluded.stage_since,
    probability = excluded.probability,
    beliefs = excluded.beliefs,
    as_of = excluded.as_of,
    evidence = excluded.evidence,
    state = excluded.state,
    opened_at = excluded.opened_at,
    dormant_since = excluded.dormant_since,
    snoozed_until = excluded.snoozed_until,
    closed_at = excluded.closed_at,
    closed_reason = excluded.closed_reason,
    due_at = excluded.due_at
RETURNING id, customer_id, need_id, sequence
