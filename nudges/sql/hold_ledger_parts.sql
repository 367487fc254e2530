-- One worker at a time changes the parts of the ledger, and gives up rather than holding up everybody behind a long read.
-- Reads and writes nothing. Returns nothing of use; the lock is held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('nudges_decision parts')), set_config('lock_timeout', '5s', true)
