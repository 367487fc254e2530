-- Where several customers who are to be one each have a row for the same thing, keep one of them.
-- A suppressed one outlives its twin: joining two people must not make a refused address usable.
-- reads: - | writes: engagement_address | returns: nothing
DELETE FROM engagement_address
USING (
    SELECT
        moved.id,
        row_number() OVER (
            PARTITION BY owner.target_id, moved.channel, moved.value
            ORDER BY (moved.suppressed_at IS NULL), moved.updated_at DESC, moved.id
        ) AS place
    FROM engagement_address AS moved
    JOIN (
        SELECT * FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS pair (customer_id, target_id)
        UNION
        SELECT target_id, target_id FROM unnest(%(targets)s::bigint[]) AS target (target_id)
    ) AS owner ON owner.customer_id = moved.customer_id
) AS double
WHERE engagement_address.id = double.id AND double.place > 1
