-- Drop the partitions of events whose every row was received before a moment.
-- reads: the catalogue of partitions | writes: partitions of engagement_event | returns: name, of those dropped
WITH partition AS MATERIALIZED ( -- found first: dropping changes the catalogue that is read here
    SELECT child.relname AS name, to_date(right(child.relname, 7), 'YYYY_MM') AS month
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'engagement_event'::regclass AND child.relname ~ '^engagement_event_\d{4}_\d{2}$'
),
old AS MATERIALIZED (
    SELECT array_agg(name) AS names
    FROM partition
    WHERE ((month + interval '1 month')::timestamp AT TIME ZONE 'UTC') <= %(oldest)s
)
SELECT name, engagement_drop_event_partition(name) AS is_dropped FROM old, unnest(names) AS name
