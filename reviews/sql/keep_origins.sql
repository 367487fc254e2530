-- Keeps every column of lines of an import beside the reviews that they belong to. Cells beyond the header's have their
-- place as name, so that none is lost.
-- Reads import lines; writes origins.
INSERT INTO reviews_revieworigin
    (workspace_id, review_id, batch_id, source, external_id, columns, is_shown, imported_at)
SELECT line.workspace_id, told.review_id, line.batch_id, %(source)s, line.external_id, named.columns, told.is_shown, %(now)s
FROM unnest(%(lines)s::bigint[], %(reviews)s::bigint[], %(shown)s::boolean[]) AS told (line_id, review_id, is_shown)
JOIN reviews_reviewimportline line ON line.id = told.line_id
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(coalesce((%(columns)s::text[])[cell.place::integer], 'column ' || cell.place), cell.told) AS columns
    FROM jsonb_array_elements(line.cells) WITH ORDINALITY AS cell (told, place)
) named
