-- Makes one row of the newest flow tallies that say the same. Two at once fold different rows: what one has taken, the
-- other does not find.
-- Reads and writes flow tallies. Returns how many rows went.
WITH several AS (
    SELECT array_agg(id) AS ids FROM nudges_flowtally WHERE id > (SELECT max(id) FROM nudges_flowtally) - 100000
    GROUP BY workspace_id, flow_id, version_id, step, what HAVING count(*) > 1
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_flowtally AS t USING (SELECT unnest(ids) AS id FROM several) AS x WHERE x.id = t.id RETURNING t.*
), kept AS (
    INSERT INTO nudges_flowtally (workspace_id, flow_id, version_id, step, what, n)
    SELECT workspace_id, flow_id, version_id, step, what, sum(n) FROM gone
    GROUP BY workspace_id, flow_id, version_id, step, what
)
SELECT count(*) AS n FROM gone
