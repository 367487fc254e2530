-- Claim open needs that silence alone changes by now, the longest due first; not those with news still to be read.
-- reads: engagement_unread | locks: journeys_customerneed | returns: id
SELECT need.id
FROM journeys_customerneed AS need
WHERE need.closed_at IS NULL
    AND need.due_at <= %(now)s
    AND NOT EXISTS (
        SELECT FROM engagement_unread AS unread
        WHERE unread.customer_id = need.customer_id AND unread.reader = 'journeys'
    )
ORDER BY need.due_at, need.id
LIMIT %(limit)s
FOR NO KEY UPDATE OF need SKIP LOCKED
