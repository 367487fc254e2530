-- Notes what became of lines of an import. A null leaves what is there.
-- Writes import lines.
UPDATE reviews_reviewimportline line
SET outcome = told.outcome,
    message = told.message,
    parsed = coalesce(told.parsed::jsonb, line.parsed),
    external_id = coalesce(told.external_id, line.external_id),
    at = coalesce(told.at::timestamptz, line.at),
    review_id = told.review_id
FROM unnest(
    %(ids)s::bigint[], %(outcomes)s::text[], %(messages)s::text[], %(parsed)s::text[], %(external_ids)s::text[],
    %(at)s::text[], %(reviews)s::bigint[]
) AS told (id, outcome, message, parsed, external_id, at, review_id)
WHERE line.id = told.id
