-- Has the runs of customers with news looked at now, where their flow has a goal or a condition for leaving: nobody is held
-- by a long wait when what it was about is over. The wait itself goes on (`until`).
-- Reads versions. Writes runs.
UPDATE nudges_flowrun AS run
SET due_at = %(now)s
WHERE run.id IN (
    SELECT inside.id FROM nudges_flowrun AS inside
    JOIN nudges_flowversion AS version ON version.id = inside.version_id
    WHERE inside.customer_id = ANY (%(customers)s::bigint[]) AND inside.state = 'running' AND inside.due_at > %(now)s
      AND (version.exits <> '{}' OR version.goal <> '{}')
    ORDER BY inside.id
    FOR UPDATE OF inside
)
