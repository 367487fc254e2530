-- Give identities that nobody has. One that somebody else is just making is waited for and then not given: the caller
-- sees fewer rows than it asked for, and looks again.
-- reads: - | writes: engagement_identity | returns: one row for each identity given
INSERT INTO engagement_identity (workspace_id, kind, value, customer_id, created_at)
SELECT %(workspace_id)s, kind, value, customer_id, %(now)s
FROM unnest(%(kinds)s::text[], %(values)s::text[], %(customer_ids)s::bigint[]) AS given (kind, value, customer_id)
ORDER BY kind, value
ON CONFLICT (workspace_id, kind, value) DO NOTHING
RETURNING customer_id
