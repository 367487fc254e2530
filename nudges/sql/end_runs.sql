-- Ends the runs of a flow that was ended, in the order in which all who hold several runs take them.
-- Reads and writes runs. Returns each that was inside.
WITH inside AS (
    SELECT id FROM nudges_flowrun WHERE flow_id = %(flow)s AND state = 'running' ORDER BY id FOR UPDATE
)
UPDATE nudges_flowrun AS run
SET state = 'exited', ended_at = %(now)s, ended_by = 'flow_ended', until = NULL
FROM inside WHERE run.id = inside.id
RETURNING run.workspace_id, run.flow_id, run.version_id, run.step
