-- Marks that the hand-over of claimed messages begins, with the words that may reach the customer from now on. Whose
-- claim was taken away gets nothing back, and must not send.
-- Reads and writes nudges_message: begun_at, attempts, subject, text, html. Returns id.
UPDATE nudges_message AS message
SET begun_at = %(now)s, attempts = message.attempts + 1, subject = words.subject, text = words.text, html = words.html
FROM jsonb_to_recordset(%(words)s::jsonb) AS words (id bigint, subject text, text text, html text)
WHERE message.id = words.id AND message.state = 'claimed' AND message.claim_token = %(token)s::uuid
RETURNING message.id
