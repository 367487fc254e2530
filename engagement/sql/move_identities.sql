-- Another person signed in on a device: its anonymous id is theirs from now on.
-- reads: - | writes: engagement_identity | returns: nothing
UPDATE engagement_identity AS identity
SET customer_id = moved.customer_id
FROM unnest(%(values)s::text[], %(customer_ids)s::bigint[]) AS moved (value, customer_id)
WHERE identity.workspace_id = %(workspace_id)s AND identity.kind = 'anonymous' AND identity.value = moved.value
