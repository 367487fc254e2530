-- Counts the published reviews of these products again; the caller holds their rows.
WITH due AS (
    SELECT unnest(%(product_ids)s::bigint[]) AS product_id
),
shown AS (
    SELECT review.product_id, rating.overall, nullif(rating.fit, '') AS fit, review.order_event_id
    FROM due
    JOIN reviews_review review ON review.product_id = due.product_id AND review.status = 'published'
    LEFT JOIN reviews_reviewrating rating ON rating.review_id = review.id
),
figures AS (
    SELECT
        product_id,
        ARRAY[
            count(*) FILTER (WHERE overall = 1),
            count(*) FILTER (WHERE overall = 2),
            count(*) FILTER (WHERE overall = 3),
            count(*) FILTER (WHERE overall = 4),
            count(*) FILTER (WHERE overall = 5)
        ]::integer[] AS stars,
        count(*) AS published_count,
        count(order_event_id) AS verified_count
    FROM shown
    GROUP BY product_id
),
fits AS (
    SELECT product_id, jsonb_object_agg(fit, n) AS fits
    FROM (SELECT product_id, fit, count(*) AS n FROM shown WHERE fit IS NOT NULL GROUP BY product_id, fit) counted
    GROUP BY product_id
)
UPDATE reviews_ratingtally tally
SET stars = coalesce(figures.stars, '{0,0,0,0,0}'),
    fits = coalesce(fits.fits, '{}'),
    published_count = coalesce(figures.published_count, 0),
    verified_count = coalesce(figures.verified_count, 0),
    stale_since = NULL,
    version = tally.version + 1
FROM due
LEFT JOIN figures ON figures.product_id = due.product_id
LEFT JOIN fits ON fits.product_id = due.product_id
WHERE tally.product_id = due.product_id
RETURNING tally.product_id
