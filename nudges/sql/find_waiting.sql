-- Who waits for which channel: each workspace with anything due (or any service message), a few index probes each, and
-- the account of its own that it has with the channel's provider.
-- Reads nudges_message, nudges_channelaccount. Writes nothing. Returns channel (in the order given), workspace_id,
-- account_id and settings (NULL without an account).
WITH RECURSIVE waiting AS (
    SELECT named.channel, named.place, (
        SELECT m.workspace_id FROM nudges_message AS m
        WHERE m.state = 'decided' AND m.channel = named.channel ORDER BY m.workspace_id LIMIT 1
    ) AS workspace_id
    FROM unnest(%(channels)s::text[]) WITH ORDINALITY AS named (channel, place)
    UNION ALL
    SELECT w.channel, w.place, (
        SELECT m.workspace_id FROM nudges_message AS m
        WHERE m.state = 'decided' AND m.channel = w.channel AND m.workspace_id > w.workspace_id
        ORDER BY m.workspace_id LIMIT 1
    )
    FROM waiting AS w
    WHERE w.workspace_id IS NOT NULL
)
SELECT waiting.channel, waiting.workspace_id, account.id AS account_id, account.settings
FROM waiting
LEFT JOIN nudges_channelaccount AS account
    ON account.workspace_id = waiting.workspace_id AND account.channel = waiting.channel
-- The first of each kind, in the order of the index: whether there is any (EXISTS) a planner that expects many finds out by
-- reading the table.
WHERE (
    SELECT m.next_attempt_at FROM nudges_message AS m
    WHERE m.state = 'decided' AND m.channel = waiting.channel AND m.workspace_id = waiting.workspace_id
      AND (m.promise = 'service') IS TRUE
    ORDER BY (m.promise = 'service') DESC, m.next_attempt_at LIMIT 1
) <= %(now)s::timestamptz OR NOT %(urgent_only)s::boolean AND (
    SELECT m.next_attempt_at FROM nudges_message AS m
    WHERE m.state = 'decided' AND m.channel = waiting.channel AND m.workspace_id = waiting.workspace_id
      AND (m.promise = 'service') IS FALSE
    ORDER BY (m.promise = 'service') DESC, m.next_attempt_at LIMIT 1
) <= %(now)s::timestamptz
ORDER BY waiting.place, waiting.workspace_id
