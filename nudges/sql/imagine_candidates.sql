-- Imagines one nudge put forward to some customers, as put_forward.sql would, in their order and under ids above all real
-- ones (from 2^62 on): among equals the newest comes last, and so must what is only imagined.
-- Reads needs. Writes the run's `considered`.
INSERT INTO considered
SELECT 4611686018427387904 + row_number() OVER (ORDER BY asked.customer_id), %(workspace)s, asked.customer_id, %(nudge)s, need.id, NULL, NULL, NULL,
       %(now)s, %(not_after)s
FROM unnest(%(customers)s::bigint[]) AS asked (customer_id)
LEFT JOIN journeys_customerneed AS need ON need.customer_id = asked.customer_id AND need.need_id = %(need)s
    AND need.closed_at IS NULL
