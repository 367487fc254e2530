-- Turn customers into tombstones of others, unless that happened meanwhile: the caller counts the rows.
-- Unless `known_too`, a source with an external id is left alone. Who was merged into a source before now stands for
-- the target, so that one look-up always finds the living customer.
-- reads: engagement_identity | writes: engagement_customer, engagement_merge | returns: source_id
WITH pair AS MATERIALIZED (
    SELECT *
    FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[], %(causes)s::text[]) AS p (source_id, target_id, cause)
),
buried AS (
    UPDATE engagement_customer AS customer
    SET merged_into_id = pair.target_id
    FROM pair
    JOIN engagement_customer AS target ON target.id = pair.target_id
    WHERE customer.id = pair.source_id
        AND customer.workspace_id = %(workspace_id)s
        AND target.workspace_id = %(workspace_id)s
        AND customer.merged_into_id IS NULL
        AND target.merged_into_id IS NULL
        AND (%(known_too)s OR customer.external_id IS NULL)
    RETURNING customer.*, pair.cause
),
older AS (
    UPDATE engagement_customer AS customer
    SET merged_into_id = buried.merged_into_id
    FROM buried
    WHERE customer.merged_into_id = buried.id
),
logged AS (
    INSERT INTO engagement_merge (workspace_id, source_id, target_id, cause, source_snapshot, at, absorbed_by)
    SELECT
        %(workspace_id)s, id, merged_into_id, cause,
        jsonb_build_object(
            'external_id', external_id, 'name', name, 'email', email, 'traits', traits, 'timezone', timezone,
            'locale', locale, 'first_seen_at', first_seen_at, 'last_seen_at', last_seen_at,
            'identities', (
                SELECT coalesce(jsonb_agg(jsonb_build_array(kind, value)), '[]')
                FROM engagement_identity AS identity
                WHERE identity.customer_id = buried.id
            )
        ),
        %(now)s, '{}'
    FROM buried
),
seen AS (
    UPDATE engagement_customer AS customer
    SET first_seen_at = least(customer.first_seen_at, sources.first_seen_at),
        last_seen_at = greatest(customer.last_seen_at, sources.last_seen_at)
    FROM (
        SELECT merged_into_id AS id, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at
        FROM buried
        GROUP BY merged_into_id
    ) AS sources
    WHERE customer.id = sources.id
)
SELECT id AS source_id FROM buried
