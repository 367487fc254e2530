-- reads: engagement_identity, engagement_customer | writes: - | returns: kind, value, customer_id, is_identified
SELECT identity.kind, identity.value, identity.customer_id, customer.external_id IS NOT NULL AS is_identified
FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS wanted (kind, value)
JOIN engagement_identity AS identity
    ON identity.workspace_id = %(workspace_id)s AND identity.kind = wanted.kind AND identity.value = wanted.value
JOIN engagement_customer AS customer ON customer.id = identity.customer_id
