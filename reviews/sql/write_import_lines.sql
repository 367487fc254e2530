-- Keeps lines of an uploaded file as they are, a batch of them in one statement.
-- Writes import lines.
INSERT INTO reviews_reviewimportline (workspace_id, batch_id, number, cells, external_id, outcome, message)
SELECT %(workspace)s, %(batch)s, number, cells::jsonb, '', '', ''
FROM unnest(%(numbers)s::integer[], %(cells)s::text[]) AS line (number, cells)
