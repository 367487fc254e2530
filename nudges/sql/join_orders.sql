-- Makes one entry of several that wait for the same nudge, customer and order (parcels that came apart): the last due asks
-- about the products of all; the others are done.
-- Reads and writes entries. Returns nothing.
WITH kept AS (
    SELECT DISTINCT ON (nudge_id, customer_id, subject) id, nudge_id, customer_id, subject
    FROM nudges_entry
    WHERE nudge_id = ANY (%(nudges)s::bigint[]) AND customer_id = ANY (%(customers)s::bigint[])
      AND state = 'waiting' AND subject <> ''
    ORDER BY nudge_id, customer_id, subject, due_at DESC, id DESC
), joined AS (
    UPDATE nudges_entry AS entry SET state = 'done'
    FROM kept
    WHERE entry.nudge_id = kept.nudge_id AND entry.customer_id = kept.customer_id AND entry.subject = kept.subject
      AND entry.state = 'waiting' AND entry.id <> kept.id
    RETURNING kept.id AS kept_id, entry.product_ids
)
UPDATE nudges_entry AS entry SET product_ids = entry.product_ids || ARRAY(
    SELECT DISTINCT id FROM joined CROSS JOIN unnest(joined.product_ids) AS id
    WHERE joined.kept_id = entry.id AND id <> ALL (entry.product_ids) ORDER BY id
)
WHERE entry.id IN (SELECT kept_id FROM joined)
