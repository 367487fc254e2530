-- Notes that entries have been put forward, and as which candidate: the one of the customer whom theirs was merged into, if
-- any. None where the nudge's own conditions could not be checked.
-- Reads customers, candidates. Writes entries. Returns nothing.
UPDATE nudges_entry AS entry
SET state = 'done', candidate_id = (
    SELECT candidate.id FROM nudges_candidate AS candidate
    WHERE candidate.customer_id = coalesce(customer.merged_into_id, customer.id)
      AND candidate.nudge_id = entry.nudge_id AND candidate.occasion = 'event:' || entry.event_id
)
FROM engagement_customer AS customer
WHERE entry.id = ANY (%(ids)s::bigint[]) AND customer.id = entry.customer_id
