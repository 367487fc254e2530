-- Marks that the hand-over of claimed messages begins, by which provider, and with the words that may reach the customer
-- from now on. Whose claim was taken away gets nothing back, and must not send.
-- Reads and writes nudges_message: begun_at, attempts, provider, subject, text, html, variant, variant_chance.
-- Returns id.
UPDATE nudges_message AS message
SET begun_at = %(now)s::timestamptz, attempts = message.attempts + 1, provider = %(provider)s::text,
    subject = words.subject, text = words.text, html = words.html, variant = words.variant, variant_chance = words.chance
FROM unnest(
    %(ids)s::bigint[], %(subjects)s::text[], %(texts)s::text[], %(htmls)s::text[], %(variants)s::text[], %(chances)s::smallint[]
) AS words (id, subject, text, html, variant, chance)
WHERE message.id = words.id AND message.state = 'claimed' AND message.claim_token = %(token)s::uuid
RETURNING message.id
