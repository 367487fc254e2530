-- The channels with anything decided that has not been sent, one index probe each, in the order given.
-- Reads nudges_message. Writes nothing. Returns channel.
SELECT named.channel
FROM unnest(%(channels)s::text[]) WITH ORDINALITY AS named (channel, place)
CROSS JOIN LATERAL (
    SELECT 1 FROM nudges_message AS m WHERE m.state = 'decided' AND m.channel = named.channel LIMIT 1
) AS waiting
ORDER BY named.place
