-- Make customers under ids taken from the sequence before (by take_customer_ids).
-- reads: - | writes: engagement_customer | returns: nothing
INSERT INTO engagement_customer (
    id, workspace_id, external_id, name, email, traits, timezone, locale, first_seen_at, last_seen_at
)
SELECT id, %(workspace_id)s, external_id, '', '', '{}', timezone, locale, first_seen_at, %(now)s
FROM jsonb_to_recordset(%(customers)s::jsonb) AS new (
    id bigint, external_id text, timezone text, locale text, first_seen_at timestamptz
)
