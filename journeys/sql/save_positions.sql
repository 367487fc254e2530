-- Note how far customers' events have been read, and by which version of the needs.
-- reads: - | writes: journeys_readingposition | returns: nothing
INSERT INTO journeys_readingposition (customer_id, workspace_id, last_event_id, told_version, unheard_until)
SELECT *
FROM unnest(
    %(customer_ids)s::bigint[], %(workspace_ids)s::bigint[], %(positions)s::bigint[], %(versions)s::bigint[],
    %(unheard)s::timestamptz[]
) AS told (customer_id, workspace_id, position, version, unheard_until)
ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE
SET last_event_id = excluded.last_event_id,
    told_version = excluded.told_version,
    unheard_until = excluded.unheard_until
