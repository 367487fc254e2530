-- Says how far a claim's hand-over may have come. Reads nothing. Writes nudges_reach, which is not logged. Returns nothing.
INSERT INTO nudges_reach (claim_token, message_id, at)
VALUES (%(token)s::uuid, %(message)s::bigint, %(now)s::timestamptz)
ON CONFLICT (claim_token) DO UPDATE SET message_id = excluded.message_id, at = excluded.at
