-- Give needs of merged customers to their living customer where that one has no such need; close the rest as merged.
-- Both are closed for now: the retelling that follows opens what is open. Stage changes go with their customer.
-- reads: - | writes: journeys_customerneed, journeys_stagechange | returns: nothing
WITH pair AS MATERIALIZED (
    SELECT * FROM unnest(%(sources)s::bigint[], %(roots)s::bigint[]) AS p (source_id, root_id)
),
movable AS (
    SELECT DISTINCT ON (pair.root_id, mine.need_id, mine.sequence) mine.id, pair.root_id
    FROM journeys_customerneed AS mine
    JOIN pair ON pair.source_id = mine.customer_id
    WHERE NOT EXISTS (
        SELECT FROM journeys_customerneed AS theirs
        WHERE theirs.customer_id = pair.root_id
            AND theirs.need_id = mine.need_id
            AND theirs.sequence = mine.sequence
    )
    ORDER BY pair.root_id, mine.need_id, mine.sequence, mine.id
),
told AS (
    UPDATE journeys_stagechange AS change
    SET customer_id = pair.root_id
    FROM pair
    WHERE change.customer_id = pair.source_id
)
UPDATE journeys_customerneed AS mine
SET customer_id = coalesce(movable.root_id, mine.customer_id),
    closed_at = coalesce(mine.closed_at, %(now)s),
    closed_reason = 'merged'
FROM pair, journeys_customerneed AS same
LEFT JOIN movable ON movable.id = same.id
WHERE mine.customer_id = pair.source_id AND same.id = mine.id
