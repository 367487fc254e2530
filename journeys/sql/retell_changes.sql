-- Stage changes that a retelling tells a little differently: what was considered stays considered.
-- reads: - | writes: journeys_stagechange | returns: nothing
UPDATE journeys_stagechange AS change
SET customer_need_id = told.customer_need_id,
    at = told.at,
    probability = told.probability,
    evidence = told.evidence
FROM jsonb_to_recordset(%(changes)s::jsonb) AS told (
    id bigint, customer_need_id bigint, at timestamptz, probability float8, evidence jsonb
)
WHERE change.id = told.id
