-- Make the partitions of events that are missing for these months.
-- reads: - | writes: partitions of engagement_event | returns: month, of those made
SELECT month
FROM unnest(%(months)s::date[]) AS wanted (month)
WHERE to_regclass('engagement_event_' || to_char(month, 'YYYY_MM')) IS NULL
    AND engagement_make_event_partition(month)
