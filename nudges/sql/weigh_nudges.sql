-- Weighs what each nudge is worth to those who get it, from the replies of the last 90 days: helpful 1, a changed
-- situation told 0.5, not now 0, not relevant -1, no answer 0. First of all who got it, then of people in a like situation:
-- those whose need stood at the same stage when it was decided. What was sent seldom is drawn to the next wider mean as
-- if it had been sent %(prior)s times more with that mean's answers (a shrunken mean), so that one reply decides nothing:
-- a nudge to its workspace's mean, a nudge at a stage to the nudge.
-- How many got it is read from the ledger's tallies, by days, less what never came: bounced, failed, not sent yet. What was called
-- off is no decision to send any more.
-- Only messages with replies and those that never came are looked at one by one (index messages_unreached).
-- Reads tallies, replies, messages, decisions. Writes nudges' expected_value and their worth by stage, where they changed.
-- Returns nudge_id of each that changed.
WITH unreached AS (
    SELECT m.workspace_id, m.nudge_id, coalesce(decision.stage, '') AS stage
    FROM (  -- each by an index of its own
        SELECT * FROM nudges_message WHERE state IN ('bounced', 'failed')
        UNION ALL
        SELECT * FROM nudges_message WHERE state = 'decided'
        UNION ALL
        SELECT * FROM nudges_message WHERE state = 'claimed'
    ) AS m
    LEFT JOIN nudges_decision AS decision ON decision.candidate_id = m.candidate_id
    WHERE m.decided_at > %(now)s - interval '90 days'
), sent AS (
    SELECT workspace_id, nudge_id, stage, sum(n) AS n
    FROM (
        SELECT workspace_id, nudge_id, stage, n FROM nudges_decisiontally
        WHERE outcome = 'send' AND day > (%(now)s - interval '90 days')::date AND day <= (%(now)s + interval '1 day')::date
        UNION ALL
        SELECT workspace_id, nudge_id, stage, -1 FROM unreached
    ) AS one
    GROUP BY workspace_id, nudge_id, stage HAVING sum(n) > 0
), answered AS (
    SELECT m.nudge_id, coalesce(decision.stage, '') AS stage, least(greatest(sum(
        CASE r.kind WHEN 'helpful' THEN 1 WHEN 'changed' THEN 0.5 WHEN 'not_relevant' THEN -1 ELSE 0 END
    ), -1), 1) AS value
    FROM nudges_reply AS r
    JOIN nudges_message AS m ON m.id = r.message_id
    LEFT JOIN nudges_decision AS decision ON decision.candidate_id = m.candidate_id
    WHERE r.undone_at IS NULL AND r.at > %(now)s - interval '90 days' AND r.at <= %(now)s
      AND m.decided_at > %(now)s - interval '90 days'
    GROUP BY m.id, m.nudge_id, decision.stage
), told AS (
    SELECT sent.workspace_id, sent.nudge_id, sent.stage, sent.n, coalesce(heard.value, 0) AS value
    FROM sent LEFT JOIN (
        SELECT nudge_id, stage, sum(value) AS value FROM answered GROUP BY nudge_id, stage
    ) AS heard ON heard.nudge_id = sent.nudge_id AND heard.stage = sent.stage
), by_nudge AS (
    SELECT nudge_id, sum(n) AS n, sum(value) AS value FROM told GROUP BY nudge_id
), means AS (
    SELECT workspace_id, sum(value) / sum(n) AS mean FROM told GROUP BY workspace_id
), weighed AS (
    SELECT nudge.id, nudge.workspace_id, round((coalesce(own.value, 0) + %(prior)s * coalesce(means.mean, 0))
        / (coalesce(own.n, 0) + %(prior)s), 6)::double precision AS value
    FROM nudges_nudge AS nudge
    LEFT JOIN by_nudge AS own ON own.nudge_id = nudge.id
    LEFT JOIN means ON means.workspace_id = nudge.workspace_id
    WHERE nudge.status <> 'archived'
), at_stage AS (
    SELECT told.workspace_id, told.nudge_id, told.stage, told.n,
        round((told.value + %(prior)s * weighed.value::numeric) / (told.n + %(prior)s), 6)::double precision AS value
    FROM told JOIN weighed ON weighed.id = told.nudge_id
), gone AS (
    DELETE FROM nudges_nudgeworth AS old
    WHERE NOT EXISTS (SELECT FROM at_stage WHERE at_stage.nudge_id = old.nudge_id AND at_stage.stage = old.stage)
    RETURNING old.nudge_id
), written AS (
    INSERT INTO nudges_nudgeworth AS old (workspace_id, nudge_id, stage, value, messages)
    SELECT workspace_id, nudge_id, stage, value, n FROM at_stage ORDER BY nudge_id, stage
    ON CONFLICT (nudge_id, stage) DO UPDATE SET value = excluded.value, messages = excluded.messages
    WHERE (old.value, old.messages) IS DISTINCT FROM (excluded.value, excluded.messages)
    RETURNING old.nudge_id
), changed AS (
    UPDATE nudges_nudge AS nudge SET expected_value = weighed.value
    FROM weighed WHERE weighed.id = nudge.id AND nudge.expected_value <> weighed.value
    RETURNING nudge.id AS nudge_id
)
SELECT nudge_id FROM changed UNION SELECT nudge_id FROM written UNION SELECT nudge_id FROM gone
