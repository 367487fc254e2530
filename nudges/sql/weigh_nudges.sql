-- Weighs what each nudge is worth to those who get it, from the replies of the last 90 days: helpful 1, a changed
-- situation told 0.5, not now 0, not relevant -1, no answer 0. A nudge sent seldom is drawn to its workspace's mean, as
-- if it had been sent %(prior)s times more with the mean's answers (a shrunken mean), so that one reply decides nothing.
-- Reads messages, replies. Writes nudges' expected_value where it changed. Returns nudge_id.
WITH answers AS (
    SELECT m.nudge_id, m.workspace_id, sum(coalesce(worth.value, 0)) AS value
    FROM nudges_message AS m
    LEFT JOIN LATERAL (
        SELECT sum(CASE r.kind WHEN 'helpful' THEN 1 WHEN 'changed' THEN 0.5 WHEN 'not_relevant' THEN -1 ELSE 0 END) AS value
        FROM nudges_reply AS r WHERE r.message_id = m.id AND r.undone_at IS NULL AND r.at <= %(now)s
    ) AS worth ON true
    WHERE m.state IN ('sent', 'delivered') AND m.decided_at > %(now)s - interval '90 days' AND m.decided_at <= %(now)s
    GROUP BY m.nudge_id, m.workspace_id, m.id
), told AS (
    SELECT nudge_id, workspace_id, count(*) AS n, sum(least(greatest(value, -1), 1)) AS value
    FROM answers GROUP BY nudge_id, workspace_id
), means AS (
    SELECT workspace_id, sum(value) / sum(n) AS mean FROM told GROUP BY workspace_id
), weighed AS (
    SELECT nudge.id, round(((coalesce(told.value, 0) + %(prior)s * coalesce(means.mean, 0))
        / (coalesce(told.n, 0) + %(prior)s))::numeric, 6)::double precision AS value
    FROM nudges_nudge AS nudge
    LEFT JOIN told ON told.nudge_id = nudge.id
    LEFT JOIN means ON means.workspace_id = nudge.workspace_id
    WHERE nudge.status <> 'archived'
)
UPDATE nudges_nudge AS nudge SET expected_value = weighed.value
FROM weighed WHERE weighed.id = nudge.id AND nudge.expected_value <> weighed.value
RETURNING nudge.id AS nudge_id
