-- Claims due messages of one channel for one worker: as many from each workspace that waits, so that one's backlog does
-- not starve another, and from one with a throughput no more than it lets out. Rows that other workers are just
-- claiming are skipped.
-- Reads nudges_message. Writes state, claim_token, claimed_at, begun_at. Returns id, workspace_id.
WITH RECURSIVE waiting AS ( -- the workspaces with anything decided, one index probe each
    (SELECT workspace_id FROM nudges_message
     WHERE state = 'decided' AND channel = %(channel)s::text ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (SELECT m.workspace_id FROM nudges_message AS m
            WHERE m.state = 'decided' AND m.channel = %(channel)s::text AND m.workspace_id > w.workspace_id
            ORDER BY m.workspace_id LIMIT 1)
    FROM waiting AS w
    WHERE w.workspace_id IS NOT NULL
),
share AS ( -- in an order that differs at each claim, for when there are more workspaces than messages to claim
    SELECT waiting.workspace_id,
           least(ceil(%(limit)s::numeric / count(*) OVER ())::integer, outlet.messages) AS messages
    FROM waiting
    LEFT JOIN unnest(%(throttled)s::bigint[], %(allowed)s::integer[]) AS outlet (workspace_id, messages)
        ON outlet.workspace_id = waiting.workspace_id
    WHERE waiting.workspace_id IS NOT NULL AND outlet.messages IS DISTINCT FROM 0
    ORDER BY hashtext(waiting.workspace_id::text || %(token)s::text)
),
due AS (
    SELECT message.id
    FROM share
    CROSS JOIN LATERAL (
        SELECT m.id
        FROM nudges_message AS m
        WHERE m.workspace_id = share.workspace_id
          AND m.channel = %(channel)s::text
          AND m.state = 'decided'
          AND m.next_attempt_at <= %(now)s::timestamptz
        ORDER BY (m.promise = 'service') DESC, m.next_attempt_at
        LIMIT share.messages
        FOR UPDATE SKIP LOCKED
    ) AS message
    LIMIT %(limit)s::integer
)
UPDATE nudges_message AS message
SET state = 'claimed', claim_token = (%(token)s::text)::uuid, claimed_at = %(now)s::timestamptz, begun_at = NULL
FROM due
WHERE message.id = due.id
RETURNING message.id, message.workspace_id
