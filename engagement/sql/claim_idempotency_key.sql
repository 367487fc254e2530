-- Reads nothing; takes a lock that this transaction holds until its end, also when its process dies.
-- Returns one row: `claimed` is false while another request with the same key is running.
SELECT pg_try_advisory_xact_lock(%(lock)s) AS claimed
