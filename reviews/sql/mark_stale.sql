-- Notes that published reviews of these products changed: they are to be counted again and their pages made anew. In
-- the order of keys, so that two writers about the same products wait and don't deadlock.
-- Writes tallies.
INSERT INTO reviews_ratingtally
    (product_id, workspace_id, stars, fits, published_count, verified_count, stale_since)
SELECT product_id, %(workspace)s, '{0,0,0,0,0}', '{}', 0, 0, %(now)s
FROM unnest(%(products)s::bigint[]) AS changed (product_id)
ORDER BY product_id
ON CONFLICT (product_id) DO UPDATE
SET stale_since = EXCLUDED.stale_since, version = reviews_ratingtally.version + 1
