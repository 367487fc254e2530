-- Forget what was told to be unknown again, unless it was learned later.
-- reads: - | writes: engagement_fact | returns: id
DELETE FROM engagement_fact AS known
USING jsonb_to_recordset(%(facts)s::jsonb) AS told (customer_id bigint, topic text, key text, learned_at timestamptz)
WHERE known.customer_id = told.customer_id
    AND known.topic = told.topic
    AND known.key = told.key
    AND known.learned_at <= told.learned_at
RETURNING known.id
