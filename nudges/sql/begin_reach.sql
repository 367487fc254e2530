-- Says that nothing of a window that begins was handed over yet. As note_reach: nothing comes back where the claim was taken.
-- Reads nothing. Writes nudges_reach, which is not logged. Returns claim_token.
INSERT INTO nudges_reach (claim_token, message_id, at)
VALUES (%(token)s::uuid, 0, %(now)s::timestamptz)
ON CONFLICT (claim_token) DO UPDATE SET message_id = excluded.message_id, at = excluded.at
WHERE NOT nudges_reach.is_taken
RETURNING claim_token
