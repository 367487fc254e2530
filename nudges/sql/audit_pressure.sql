-- Compares what the pressure arrays say with the messages that count, over the longest window. What comes back has drifted:
-- it must be nothing. For the customers after one id up to another, so that memory is bounded.
-- Reads messages, pressure. Writes nothing. Returns customer_id, message_id, drift (missing, extra or different).
WITH ledger AS (
    SELECT id, customer_id, decided_at, channel, interest, promise, flow, need_slug, zone
    FROM nudges_message WHERE counts AND channel <> 'inbox' AND decided_at > %(now)s - interval '90 days'
      AND customer_id > %(after)s AND customer_id <= %(upto)s
), held AS (
    SELECT p.customer_id, u.*
    FROM nudges_pressure AS p
    CROSS JOIN LATERAL unnest(p.sent_at, p.message_ids, p.channels, p.interests, p.promises, p.flows, p.needs, p.zones)
        AS u (at, message_id, channel, interest, promise, flow, need, zone)
    WHERE u.at > %(now)s - interval '90 days' AND p.customer_id > %(after)s AND p.customer_id <= %(upto)s
)
SELECT coalesce(ledger.customer_id, held.customer_id) AS customer_id, coalesce(ledger.id, held.message_id) AS message_id,
       CASE WHEN held.message_id IS NULL THEN 'missing' WHEN ledger.id IS NULL THEN 'extra' ELSE 'different' END AS drift
FROM ledger
FULL JOIN held ON held.message_id = ledger.id AND held.customer_id = ledger.customer_id
WHERE ledger.id IS NULL OR held.message_id IS NULL
   OR (ledger.decided_at, ledger.channel, ledger.interest, ledger.promise, ledger.flow, ledger.need_slug, ledger.zone)
      IS DISTINCT FROM (held.at, held.channel, held.interest, held.promise, held.flow, held.need, held.zone)
ORDER BY 1, 2
