-- Note how far customers' events have been read, and by which version of the needs.
-- reads: - | writes: journeys_readingposition | returns: nothing
INSERT INTO journeys_readingposition (customer_id, workspace_id, last_event_id, told_version)
SELECT *
FROM unnest(
    %(customer_ids)s::bigint[], %(workspace_ids)s::bigint[], %(positions)s::bigint[], %(versions)s::bigint[]
) AS told (customer_id, workspace_id, position, version)
ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE
SET last_event_id = excluded.last_event_id,
    told_version = excluded.told_version
