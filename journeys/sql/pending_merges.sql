-- Merges into these customers that inference has not absorbed, also through others that were merged into them first.
-- reads: engagement_merge | returns: merge_id, source_id, root_id (the living customer at the end)
WITH RECURSIVE pending AS (
    SELECT merge.id, merge.source_id, merge.target_id AS root_id
    FROM engagement_merge AS merge
    WHERE merge.target_id = ANY (%(customer_ids)s) AND NOT merge.absorbed_by @> ARRAY['journeys']::varchar[]
    UNION ALL
    SELECT merge.id, merge.source_id, pending.root_id
    FROM engagement_merge AS merge
    JOIN pending ON merge.target_id = pending.source_id
    WHERE NOT merge.absorbed_by @> ARRAY['journeys']::varchar[]
)
SELECT DISTINCT id AS merge_id, source_id, root_id FROM pending ORDER BY merge_id
