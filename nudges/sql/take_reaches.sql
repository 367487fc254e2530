-- Takes claims from workers that seem dead, and says how far each had come. From here on such a worker, should it live after
-- all, hands nothing more over: it cannot say that it goes further. Of a claim that has said nothing, or whose word a crash
-- has wiped, nobody knows: all of it may have gone out.
-- Reads nothing. Writes nudges_reach, which is not logged; its rows stay locked. Returns claim_token, message_id.
INSERT INTO nudges_reach (claim_token, message_id, at, is_taken)
SELECT token, 9223372036854775807, %(now)s::timestamptz, true
FROM unnest((%(tokens)s::text[])::uuid[]) AS dead (token)
ORDER BY token
ON CONFLICT (claim_token) DO UPDATE SET is_taken = true, at = excluded.at
RETURNING claim_token, message_id
