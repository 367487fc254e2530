-- Where several customers who are to be one each have a row for the same thing, keep one of them.
-- What was learned last counts.
-- reads: - | writes: engagement_fact | returns: nothing
DELETE FROM engagement_fact
USING (
    SELECT
        moved.id,
        row_number() OVER (
            PARTITION BY owner.target_id, moved.topic, moved.key
            ORDER BY moved.learned_at DESC, moved.id
        ) AS place
    FROM engagement_fact AS moved
    JOIN (
        SELECT * FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS pair (customer_id, target_id)
        UNION
        SELECT target_id, target_id FROM unnest(%(targets)s::bigint[]) AS target (target_id)
    ) AS owner ON owner.customer_id = moved.customer_id
) AS double
WHERE engagement_fact.id = double.id AND double.place > 1
