-- Writes the messages of this run, classification and address frozen. The words are put in when they are sent. Dispatch ids
-- begin with the time, so that they are written to one end of their index; 74 of their bits are random.
-- Reads `deciding`. Writes messages.
INSERT INTO nudges_message (
    id, workspace_id, candidate_id, customer_id, nudge_id, customer_need_id, channel, address, category_id, interest,
    promise, flow, need_slug, zone, counts, subject, text, html, state, dispatch_id, decided_at, not_after, attempts,
    next_attempt_at, provider_id, error
)
SELECT message_id, workspace_id, candidate_id, customer_id, nudge_id, customer_need_id, channel, address, category_id, interest,
       promise, flow, need, zone, counts AND channel <> 'inbox', '', '', '', 'decided', uuidv7(), decided_at,
       not_after, 0, %(now)s::timestamptz, '', ''
FROM deciding WHERE outcome = 'send' ORDER BY message_id
