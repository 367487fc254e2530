-- Write back what is known of customers, whose rows the caller holds.
-- reads: - | writes: engagement_customer | returns: nothing
UPDATE engagement_customer AS customer
SET traits = profile.traits,
    traits_told = profile.told,
    name = profile.name,
    email = profile.email,
    timezone = profile.timezone,
    locale = profile.locale
FROM jsonb_to_recordset(%(profiles)s::jsonb) AS profile (
    id bigint, traits jsonb, told jsonb, name text, email text, timezone text, locale text
)
WHERE customer.workspace_id = %(workspace_id)s AND customer.id = profile.id
