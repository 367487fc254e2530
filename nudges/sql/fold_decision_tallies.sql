-- Makes one row of the newest tallies that say the same; what adds up to nothing goes.
-- Two at once fold different rows: what one has taken, the other does not find.
-- Reads and writes decision tallies. Returns how many rows went.
WITH several AS (
    SELECT array_agg(id) AS ids FROM nudges_decisiontally
    WHERE id > (SELECT max(id) FROM nudges_decisiontally) - 100000
    GROUP BY workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage
    HAVING count(*) > 1 OR sum(n) = 0
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_decisiontally AS t USING (SELECT unnest(ids) AS id FROM several) AS x WHERE x.id = t.id RETURNING t.*
), kept AS (
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage, n)
    SELECT workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage, sum(n) FROM gone
    GROUP BY workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage HAVING sum(n) <> 0
)
SELECT count(*) AS n FROM gone
