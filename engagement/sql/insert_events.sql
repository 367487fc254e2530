-- Take the events of known customers that were not seen before.
-- First every customer is locked by their Unread rows (see lock_customers), in one order; only then do events get ids,
-- so the ids of one customer rise in commit order. Customers merged away since they were looked up are left out: FOR NO
-- KEY UPDATE reads the row as it is now, not as it was when the statement began (KEY SHARE would not). The caller sees
-- that they are not living, and looks again.
-- reads: engagement_customer | writes: engagement_unread, engagement_customer.last_seen_at, engagement_eventkey,
-- engagement_event
-- returns: customer_id, is_living, fresh (how many of their events were new), identified (message ids of new identify events)
WITH event AS MATERIALIZED (
    SELECT *
    FROM jsonb_to_recordset(%(events)s::jsonb) AS e (
        key uuid, customer_id bigint, occurred_at timestamptz, type text, name text, message_id text,
        properties jsonb, context jsonb
    )
),
locked AS (
    INSERT INTO engagement_unread (customer_id, reader, workspace_id, since)
    SELECT customer.id, reader.name, %(workspace_id)s, %(received_at)s
    FROM (SELECT DISTINCT customer_id AS id FROM event) AS customer
    CROSS JOIN unnest(%(readers)s::text[]) AS reader (name)
    ORDER BY customer.id, reader.name
    ON CONFLICT (customer_id, reader) DO UPDATE SET since = engagement_unread.since
    RETURNING customer_id
),
living AS MATERIALIZED (
    SELECT id
    FROM engagement_customer
    WHERE id = ANY (ARRAY(SELECT customer_id FROM locked)) -- an array: no customer is looked at before all are locked
        AND workspace_id = %(workspace_id)s
        AND merged_into_id IS NULL
    FOR NO KEY UPDATE
),
seen AS (
    UPDATE engagement_customer
    SET last_seen_at = %(received_at)s
    WHERE id IN (SELECT id FROM living) AND last_seen_at < %(seen_before)s
),
fresh AS (
    INSERT INTO engagement_eventkey (workspace_id, key, received_at)
    SELECT %(workspace_id)s, event.key, %(received_at)s
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
        %(workspace_id)s, event.customer_id, %(received_at)s, event.occurred_at, event.type, event.name,
        event.message_id, event.properties, event.context, %(source)s
    FROM event
    JOIN fresh USING (key)
    ORDER BY event.occurred_at
    RETURNING customer_id, message_id, type
)
SELECT
    customer.id AS customer_id, living.id IS NOT NULL AS is_living, coalesce(new.events, 0) AS fresh, new.identified
FROM (SELECT DISTINCT customer_id AS id FROM event) AS customer
LEFT JOIN living ON living.id = customer.id
LEFT JOIN (
    SELECT customer_id, count(*) AS events, array_agg(message_id) FILTER (WHERE type = 'identify') AS identified
    FROM taken
    GROUP BY customer_id
) AS new ON new.customer_id = customer.id
