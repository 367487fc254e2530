-- reads: engagement_customer | writes: - | returns: what is known of each customer
SELECT id, traits, traits_told AS told, name, email, timezone, locale
FROM engagement_customer
WHERE workspace_id = %(workspace_id)s AND id = ANY (%(customer_ids)s::bigint[])
ORDER BY id
FOR NO KEY UPDATE
