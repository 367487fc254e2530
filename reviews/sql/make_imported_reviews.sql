-- Makes the reviews of lines of an import: each with what it rates, its first version and the trail's entry.
-- `reviews` is a JSON list, an object a review: whose, of what, how it stands, and the words and figures of its version.
-- Writes reviews, ratings, versions, trail. Returns each review's id with its customer and product.
WITH given AS (
    SELECT one.*, word.*
    FROM jsonb_to_recordset(%(reviews)s::jsonb) AS one (
        customer_id bigint, product_id bigint, is_verified_there boolean, status text, rejection_reason text,
        flags jsonb, submitted_at timestamptz, published_at timestamptz, waiting_since timestamptz,
        shared_at timestamptz, response text, responded_at timestamptz, words jsonb, figures jsonb
    )
    CROSS JOIN LATERAL jsonb_to_record(one.words) AS word (
        kind text, title text, body text, author_name text, language text, incentive text, need_slug text,
        collected_by text
    )
), made AS (
    INSERT INTO reviews_review (
        workspace_id, product_id, customer_id, kind, title, body, pros, cons, author_name, language, situation,
        need_slug, collected_by, imported_from, is_verified_there, incentive, status, rejection_reason, flags,
        version, shown_version, appeal, helpful_count, unhelpful_count, response, responded_at, submitted_at,
        published_at, waiting_since, shared_at
    )
    SELECT %(workspace)s, product_id, customer_id, kind, title, body, '{}', '{}', author_name, language, '{}',
        need_slug, collected_by, %(source)s, is_verified_there, incentive, status, rejection_reason, flags,
        1, 1, '', 0, 0, response, responded_at, submitted_at,
        published_at, waiting_since, shared_at
    FROM given
    RETURNING id, customer_id, product_id
), told AS (
    SELECT made.id, given.words, given.figures, given.status, given.submitted_at
    FROM made JOIN given USING (customer_id, product_id)
), rated AS (
    INSERT INTO reviews_reviewrating (review_id, workspace_id, overall, fit, version)
    SELECT id, %(workspace)s, (figures ->> 'overall')::smallint, '', 1 FROM told
), kept AS (
    INSERT INTO reviews_reviewversion (workspace_id, review_id, number, content, figures, at)
    SELECT %(workspace)s, id, 1, words, figures, submitted_at FROM told
), noted AS (
    INSERT INTO reviews_moderationentry (workspace_id, review_id, batch, actor_id, action, reason, version, at)
    SELECT %(workspace)s, id, '', %(actor)s, 'import', left(%(source)s || ': ' || status, 60), 1, %(now)s FROM told
)
SELECT id, customer_id, product_id FROM made
