-- Locks the customers of some messages, in the order of their ids, before their pressure changes.
-- Reads messages. Locks pressure rows until the transaction ends. Returns customer_id.
SELECT customer_id FROM nudges_pressure
WHERE customer_id IN (SELECT customer_id FROM nudges_message WHERE id = ANY (%(messages)s))
ORDER BY customer_id FOR UPDATE
