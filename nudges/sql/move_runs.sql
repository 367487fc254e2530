-- Writes where the runs of a chunk stand now, with the steps that they have left behind.
-- Reads nothing else. Writes runs. Returns nothing.
UPDATE nudges_flowrun AS run
SET version_id = moved.version_id, state = moved.state, step = moved.step, due_at = moved.due_at, until = moved.until,
    ended_at = moved.ended_at, ended_by = moved.ended_by, trail = run.trail || moved.trail
FROM jsonb_to_recordset(%(runs)s::jsonb) AS moved (
    id bigint, version_id bigint, state text, step text, due_at timestamptz, until timestamptz, ended_at timestamptz,
    ended_by text, trail jsonb
)
WHERE run.id = moved.id
