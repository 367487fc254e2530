-- Stage changes that a retelling tells a little differently: what was considered stays considered.
-- reads: - | writes: journeys_stagechange | returns: nothing
UPDATE journeys_stagechange AS change
SET customer_need_id = told.customer_need_id,
    from_stage = told.from_stage,
    at = told.at,
    probability = told.probability,
    evidence = told.evidence
FROM jsonb_to_recordset(%(changes)s::jsonb) AS told (
    id bigint, customer_need_id bigint, from_stage text, at timestamptz, probability float8, evidence jsonb
)
WHERE change.id = told.id
