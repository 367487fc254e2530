-- How versions that were decided on since a time fared, by the stars they gave: after the fact, for figures only.
-- Of several decisions on one version the last counts, and the time to the first publication.
WITH decided AS (
    SELECT review_id, version,
        (array_agg(action ORDER BY id DESC))[1] AS action,
        min(at) FILTER (WHERE action = 'publish') AS published_at
    FROM reviews_moderationentry
    WHERE workspace_id = %(workspace_id)s AND review_id IS NOT NULL
      AND action IN ('publish', 'reject', 'undo') AND at >= %(since)s
    GROUP BY review_id, version
)
SELECT (version.figures ->> 'overall')::int AS stars,
    count(*) AS decided,
    count(*) FILTER (WHERE decided.action = 'reject') AS rejected,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided.published_at - version.at))
        FILTER (WHERE decided.action = 'publish') AS median_seconds
FROM decided
JOIN reviews_reviewversion version ON version.review_id = decided.review_id AND version.number = decided.version
WHERE decided.action <> 'undo' AND version.figures ->> 'overall' IS NOT NULL
GROUP BY stars
ORDER BY stars DESC
