-- Where several customers who are to be one each have a row for the same thing, keep one of them.
-- The latest word counts, and at the same moment a refusal.
-- reads: - | writes: engagement_consent | returns: nothing
DELETE FROM engagement_consent
USING (
    SELECT
        moved.id,
        row_number() OVER (
            PARTITION BY owner.target_id, moved.category_id, moved.channel
            ORDER BY moved.at DESC, (moved.state = 'granted'), moved.id
        ) AS place
    FROM engagement_consent AS moved
    JOIN (
        SELECT * FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS pair (customer_id, target_id)
        UNION
        SELECT target_id, target_id FROM unnest(%(targets)s::bigint[]) AS target (target_id)
    ) AS owner ON owner.customer_id = moved.customer_id
) AS double
WHERE engagement_consent.id = double.id AND double.place > 1
