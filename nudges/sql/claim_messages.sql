-- Claims due messages of one channel for one worker: as many from each of the workspaces named, so that one's backlog does
-- not starve another, and from one with a throughput no more than it lets out. Rows that other workers are just
-- claiming are skipped.
-- Reads nudges_message. Writes state, claim_token, claimed_at, begun_at. Returns id, workspace_id.
WITH share AS ( -- in an order that differs at each claim, for when there are more workspaces than messages to claim
    SELECT waiting.workspace_id,
           least(ceil(%(limit)s::numeric / count(*) OVER ())::integer, outlet.messages) AS messages
    FROM unnest(%(workspaces)s::bigint[]) AS waiting (workspace_id)
    LEFT JOIN unnest(%(throttled)s::bigint[], %(allowed)s::integer[]) AS outlet (workspace_id, messages)
        ON outlet.workspace_id = waiting.workspace_id
    WHERE outlet.messages IS DISTINCT FROM 0
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
