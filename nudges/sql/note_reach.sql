-- Says how far a claim's hand-over may have come. Whose claim was taken away meanwhile gets nothing back, and hands nothing
-- more over: what is beyond what it had said is others' by now.
-- Reads nothing. Writes nudges_reach, which is not logged. Returns claim_token.
UPDATE nudges_reach SET message_id = %(message)s::bigint, at = %(now)s::timestamptz
WHERE claim_token = %(token)s::uuid AND NOT is_taken
RETURNING claim_token
