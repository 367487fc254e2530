-- Give anonymous customers their external id, unless somebody else did meanwhile: the caller counts the rows.
-- reads: - | writes: engagement_customer | returns: id
UPDATE engagement_customer AS customer
SET external_id = promoted.external_id
FROM unnest(%(customer_ids)s::bigint[], %(external_ids)s::text[]) AS promoted (id, external_id)
WHERE customer.id = promoted.id
    AND customer.workspace_id = %(workspace_id)s
    AND customer.external_id IS NULL
    AND customer.merged_into_id IS NULL
RETURNING customer.id
