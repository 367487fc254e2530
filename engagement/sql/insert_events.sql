-- Take the events that were not seen before, of people who are known.
--
-- An event names its customer, or the ids of somebody: it is taken when these lead to one customer as they stand. Events
-- that may change who is who (an unknown id, two ids of two customers, identify, alias) are left to the caller, and with
-- them all that share an id with one, so that the caller sees these in their order.
--
-- First every customer is locked by their Unread rows (see lock_customers), in one order; only then do events get ids,
-- so the ids of one customer rise in commit order. Customers merged away since the statement began are left out too: FOR
-- NO KEY UPDATE reads the row as it is now, and not as it was then (KEY SHARE would not).
--
-- reads: engagement_identity, engagement_workspace | writes: engagement_unread, engagement_customer.last_seen_at, engagement_eventkey,
-- engagement_event | returns: fresh (how many were new), customer_ids (whose), identified (message ids of new identify
-- calls), left_over (keys of the events left to the caller)
WITH told AS MATERIALIZED (
    SELECT *
    FROM jsonb_to_recordset(%(events)s::jsonb) AS e (
        key uuid, customer_id bigint, user_id text, anonymous_id text, occurred_at timestamptz, type text, name text,
        message_id text, properties jsonb, context jsonb
    )
),
found AS MATERIALIZED (
    SELECT
        key, user_id, anonymous_id, coalesce(customer_id, person_id, visitor_id) AS customer_id,
        customer_id IS NOT NULL OR (
            type NOT IN ('identify', 'alias')
            AND (user_id IS NULL) = (person_id IS NULL)
            AND (anonymous_id IS NULL) = (visitor_id IS NULL)
            AND coalesce(person_id = visitor_id, true)
        ) AS is_settled
    FROM (
        SELECT
            told.*, ( -- a subquery for each row, not a join: this is an index look-up whatever the planner expects
                SELECT identity.customer_id
                FROM engagement_identity AS identity
                WHERE identity.workspace_id = %(workspace_id)s::bigint
                    AND identity.kind = 'external'
                    AND identity.value = told.user_id
            ) AS person_id, (
                SELECT identity.customer_id
                FROM engagement_identity AS identity
                WHERE identity.workspace_id = %(workspace_id)s::bigint
                    AND identity.kind = 'anonymous'
                    AND identity.value = told.anonymous_id
            ) AS visitor_id
        FROM told
    ) AS looked_up
),
event AS MATERIALIZED (
    SELECT key, customer_id
    FROM found
    WHERE is_settled
        AND coalesce(user_id <> ALL (ARRAY(SELECT coalesce(user_id, '') FROM found WHERE NOT is_settled)), true)
        AND coalesce(
            anonymous_id <> ALL (ARRAY(SELECT coalesce(anonymous_id, '') FROM found WHERE NOT is_settled)), true
        )
),
locked AS (
    INSERT INTO engagement_unread (customer_id, reader, workspace_id, since)
    SELECT customer.id, reader.name, %(workspace_id)s::bigint, %(received_at)s::timestamptz
    FROM (SELECT DISTINCT customer_id AS id FROM event) AS customer
    CROSS JOIN unnest(%(readers)s::text[] || (
        SELECT event_readers::text[] FROM engagement_workspace WHERE id = %(workspace_id)s::bigint
    )) AS reader (name)
    ORDER BY customer.id, reader.name
    ON CONFLICT (customer_id, reader) DO UPDATE SET since = excluded.since
    WHERE false -- a row that is there is locked, but not written again
    RETURNING true
),
living AS MATERIALIZED (
    SELECT id, last_seen_at
    FROM engagement_customer
    WHERE (SELECT count(*) FROM locked) IS NOT NULL -- no customer is looked at before all of them are locked
        AND id = ANY (ARRAY(SELECT DISTINCT customer_id FROM event))
        AND workspace_id = %(workspace_id)s::bigint
        AND merged_into_id IS NULL
    FOR NO KEY UPDATE
),
seen AS (
    UPDATE engagement_customer
    SET last_seen_at = %(received_at)s::timestamptz
    WHERE id = ANY (ARRAY(SELECT id FROM living WHERE last_seen_at < %(seen_before)s::timestamptz))
),
fresh AS (
    INSERT INTO engagement_eventkey (workspace_id, key, received_at)
    SELECT %(workspace_id)s::bigint, event.key, %(received_at)s::timestamptz
    FROM event
    JOIN living ON living.id = event.customer_id
    ORDER BY event.key
    ON CONFLICT (workspace_id, key) DO NOTHING
    RETURNING key
),
taken AS (
    INSERT INTO engagement_event (
        workspace_id, customer_id, received_at, occurred_at, type, name, message_id, properties, context, source
    )
    SELECT
        %(workspace_id)s::bigint, event.customer_id, %(received_at)s::timestamptz, told.occurred_at, told.type, told.name, told.message_id,
        told.properties, told.context, %(source)s::text
    FROM told
    JOIN event USING (key)
    JOIN fresh USING (key)
    ORDER BY told.occurred_at
    RETURNING customer_id, message_id, type
)
SELECT
    (SELECT count(*) FROM taken) AS fresh,
    ARRAY(SELECT DISTINCT customer_id FROM taken) AS customer_ids,
    ARRAY(SELECT message_id FROM taken WHERE type = 'identify') AS identified,
    ARRAY(
        SELECT replace(key::text, '-', '')
        FROM told
        WHERE key NOT IN (SELECT event.key FROM event JOIN living ON living.id = event.customer_id)
            AND NOT EXISTS ( -- a retry needs nobody's attention
                SELECT FROM engagement_eventkey AS seen
                WHERE seen.workspace_id = %(workspace_id)s::bigint AND seen.key = told.key
            )
    ) AS left_over
