-- Gives reviews of these products the figures of the version that readers see, where they have those of another.
-- Returns the products of the reviews that changed.
WITH changed AS MATERIALIZED (
    SELECT review.id, review.product_id, version.workspace_id, version.number, version.figures
    FROM reviews_review review
    JOIN reviews_reviewversion version ON version.review_id = review.id AND version.number = review.shown_version
    LEFT JOIN reviews_reviewrating rating ON rating.review_id = review.id
    WHERE review.product_id = ANY(%(product_ids)s)
      AND review.status = 'published'
      AND rating.version IS DISTINCT FROM review.shown_version
      AND (rating.review_id IS NOT NULL OR version.figures ->> 'overall' IS NOT NULL)
),
gone AS (
    DELETE FROM reviews_reviewrating rating
    USING changed
    WHERE rating.review_id = changed.id AND changed.figures ->> 'overall' IS NULL
),
written AS (
    INSERT INTO reviews_reviewrating (review_id, workspace_id, version, overall, quality, value, fit)
    SELECT id, workspace_id, number, (figures ->> 'overall')::smallint, (figures ->> 'quality')::smallint,
        (figures ->> 'value')::smallint, coalesce(figures ->> 'fit', '')
    FROM changed
    WHERE figures ->> 'overall' IS NOT NULL
    ON CONFLICT (review_id) DO UPDATE
    SET version = excluded.version, overall = excluded.overall, quality = excluded.quality, value = excluded.value,
        fit = excluded.fit
)
SELECT DISTINCT product_id FROM changed
