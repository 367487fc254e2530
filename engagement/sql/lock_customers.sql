-- Take the lock of each customer, and leave word for every reader that there are events to read.
-- The rows are locked in one order by everybody, so two writers never wait for each other in a circle; a reader that is
-- at work on a customer is waited for, so that no event is inserted behind its back.
-- reads: engagement_workspace | writes: engagement_unread | returns: nothing
INSERT INTO engagement_unread (customer_id, reader, workspace_id, since)
SELECT customer.id, reader.name, %(workspace_id)s, %(now)s
FROM unnest(%(customer_ids)s::bigint[]) AS customer (id)
CROSS JOIN unnest(%(readers)s::text[] || (
    SELECT event_readers::text[] FROM engagement_workspace WHERE id = %(workspace_id)s
)) AS reader (name)
ORDER BY customer.id, reader.name
ON CONFLICT (customer_id, reader) DO UPDATE SET since = excluded.since
WHERE false -- a row that is there is locked, but not written again
