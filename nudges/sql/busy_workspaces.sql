-- Which workspaces have candidates that are due: hops from one workspace to the next in the index, so that a million
-- due rows of one cost no more than one row.
-- Reads what waits (index waiting_due). Writes nothing. Returns workspace_id.
WITH RECURSIVE hop AS (
    (SELECT workspace_id FROM nudges_waiting ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT workspace_id FROM nudges_waiting
        WHERE workspace_id > hop.workspace_id ORDER BY workspace_id LIMIT 1
    )
    FROM hop WHERE hop.workspace_id IS NOT NULL
)
SELECT hop.workspace_id
FROM hop
WHERE hop.workspace_id IS NOT NULL AND EXISTS (
    SELECT FROM unnest(ARRAY[true, false]) AS urgent (urgent)
    WHERE urgent.urgent >= %(urgent_only)s::boolean AND (  -- the first in the order of the index: no other can answer as fast
        SELECT due_at FROM nudges_waiting
        WHERE workspace_id = hop.workspace_id AND is_urgent = urgent.urgent ORDER BY due_at LIMIT 1
    ) <= %(now)s::timestamptz
)
ORDER BY hop.workspace_id
