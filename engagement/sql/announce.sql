-- Write what changed, and a delivery for each endpoint that wants it. Where no endpoint does nothing is written; a change
-- that was announced before is not announced again. A customer is named as they are known now.
-- reads: engagement_endpoint, engagement_customer | writes: engagement_announcement, engagement_delivery | returns: -
WITH told AS (
    SELECT *
    FROM ROWS FROM (
        jsonb_to_recordset(%(news)s::jsonb) AS (
            workspace_id bigint, customer_id bigint, key uuid, type text, at timestamptz, data jsonb
        )
    ) WITH ORDINALITY AS t (workspace_id, customer_id, key, type, at, data, place)
),
wanted AS (
    SELECT told.*, endpoint.id AS endpoint_id
    FROM told
    JOIN engagement_endpoint AS endpoint
        ON endpoint.workspace_id = told.workspace_id
        AND endpoint.is_enabled
        AND (endpoint.types = '{}' OR told.type = ANY (endpoint.types))
    FOR KEY SHARE OF endpoint -- who deletes it waits, or we wait and tell it nothing
),
announced AS (
    INSERT INTO engagement_announcement (workspace_id, customer_id, key, type, at, announced_at, data)
    SELECT
        wanted.workspace_id, customer.id, wanted.key, wanted.type, wanted.at, %(now)s::timestamptz, wanted.data || CASE
            WHEN customer.id IS NULL THEN '{}'
            ELSE jsonb_build_object(
                'customer', jsonb_build_object('id', customer.id, 'external_id', customer.external_id)
            )
        END
    FROM (SELECT DISTINCT ON (place) * FROM wanted ORDER BY place) AS wanted
    LEFT JOIN engagement_customer AS customer
        ON customer.id = wanted.customer_id AND customer.workspace_id = wanted.workspace_id
    WHERE wanted.customer_id IS NULL OR customer.id IS NOT NULL
    ORDER BY wanted.place
    ON CONFLICT (workspace_id, key) DO NOTHING
    RETURNING id, workspace_id, key
)
INSERT INTO engagement_delivery (workspace_id, endpoint_id, announcement_id, state, due_at, tries, attempts)
SELECT announced.workspace_id, wanted.endpoint_id, announced.id, 'pending', %(now)s::timestamptz, 0, '[]'
FROM announced
JOIN wanted ON wanted.workspace_id = announced.workspace_id AND wanted.key = announced.key
ORDER BY announced.id
ON CONFLICT (endpoint_id, announcement_id) DO NOTHING
