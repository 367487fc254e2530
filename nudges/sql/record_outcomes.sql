-- Writes what became of messages that this worker had claimed. A stale worker, whose claim was given to another one,
-- changes nothing; one that was only thought dead may still say what it knows of a message that stands as unknown.
-- Reads and writes nudges_message. Returns id of those written.
UPDATE nudges_message AS message
SET state = outcome.state,
    attempts = greatest(message.attempts - outcome.attempts_given_back, 0),
    next_attempt_at = outcome.next_attempt_at,
    begun_at = CASE WHEN outcome.state = 'decided' THEN NULL ELSE message.begun_at END,
    -- An unknown one keeps the token, for the answer that may come late.
    claim_token = CASE WHEN outcome.state = 'unknown' THEN message.claim_token END,
    sent_at = coalesce(outcome.sent_at, message.sent_at),
    provider_id = outcome.provider_id,
    error = outcome.error
FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS outcome (
    id bigint, state text, attempts_given_back integer, next_attempt_at timestamptz, sent_at timestamptz,
    provider_id text, error text
)
WHERE message.id = outcome.id AND message.state IN ('claimed', 'unknown') AND message.claim_token = %(token)s::uuid
RETURNING message.id
