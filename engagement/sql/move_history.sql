-- Give what merged customers did, and the ids they were known by, to who they turned out to be. Events keep their own
-- ids and times. The sources have nothing left to read. What endpoints are told of them goes with who they are now.
-- reads: - | writes: engagement_event, engagement_identity, engagement_unread, engagement_announcement | returns: events moved
WITH pair AS MATERIALIZED (
    SELECT * FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS p (source_id, target_id)
),
identities AS (
    UPDATE engagement_identity AS identity
    SET customer_id = pair.target_id
    FROM pair
    WHERE identity.customer_id = pair.source_id
),
unread AS (
    DELETE FROM engagement_unread USING pair WHERE engagement_unread.customer_id = pair.source_id
),
announcements AS (
    UPDATE engagement_announcement AS announcement
    SET customer_id = pair.target_id
    FROM pair
    WHERE announcement.customer_id = pair.source_id
),
events AS (
    UPDATE engagement_event AS event
    SET customer_id = pair.target_id
    FROM pair
    WHERE event.customer_id = pair.source_id
    RETURNING event.id
)
SELECT count(*) AS events FROM events
