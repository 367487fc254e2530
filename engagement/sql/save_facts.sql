-- Keep what was told last about each thing; what was learned later by another way stays.
-- reads: - | writes: engagement_fact | returns: id
INSERT INTO engagement_fact AS known (workspace_id, customer_id, topic, key, value, source_event_id, learned_at)
SELECT workspace_id, customer_id, topic, key, value, source_event_id, learned_at
FROM jsonb_to_recordset(%(facts)s::jsonb) AS told (
    workspace_id bigint, customer_id bigint, topic text, key text, value jsonb, source_event_id bigint,
    learned_at timestamptz
)
ORDER BY customer_id, topic, key
ON CONFLICT (customer_id, topic, key) DO UPDATE
SET value = excluded.value,
    source_event_id = excluded.source_event_id,
    learned_at = excluded.learned_at
WHERE (known.learned_at, coalesce(known.source_event_id, 0)) <= (excluded.learned_at, excluded.source_event_id)
    AND (known.value, known.source_event_id) IS DISTINCT FROM (excluded.value, excluded.source_event_id)
RETURNING id
