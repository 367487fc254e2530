-- One worker at a time changes the partitions of events, and gives up rather than holding up everybody behind a long read.
-- reads: - | writes: - | returns: nothing of use; the lock is held until the transaction ends
SELECT pg_advisory_xact_lock(hashtext('engagement_event partitions')), set_config('lock_timeout', '5s', true)
