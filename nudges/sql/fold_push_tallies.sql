-- Makes one row of the newest push tallies that say the same, and forgets the oldest, whose hours no window of 30 days
-- reaches. Two at once fold different rows: what one has taken, the other does not find.
-- Reads and writes push tallies. Returns how many rows went.
WITH ends AS (
    SELECT min(id) AS first, max(id) AS last FROM nudges_pushtally
), several AS (
    SELECT array_agg(id) AS ids FROM nudges_pushtally WHERE id > (SELECT last FROM ends) - 100000
    GROUP BY workspace_id, hour, interest HAVING count(*) > 1 OR sum(n) = 0
    LIMIT %(limit)s
), gone AS (
    DELETE FROM nudges_pushtally AS t USING (SELECT unnest(ids) AS id FROM several) AS x WHERE x.id = t.id RETURNING t.*
), kept AS (
    INSERT INTO nudges_pushtally (workspace_id, hour, interest, n)
    SELECT workspace_id, hour, interest, sum(n) FROM gone GROUP BY workspace_id, hour, interest HAVING sum(n) <> 0
), forgotten AS (
    DELETE FROM nudges_pushtally
    WHERE id < (SELECT first FROM ends) + 100000 AND hour < %(now)s - interval '40 days'
        AND id NOT IN (SELECT unnest(ids) FROM several)
    RETURNING id
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM forgotten) AS n
