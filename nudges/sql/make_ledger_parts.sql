-- Makes the parts of the ledger that are missing: that of the newest candidate and the one after it.
-- Reads the last candidate. Writes parts of nudges_decision. Returns part, of those made.
SELECT part
FROM (SELECT coalesce(max(id), 0) / 5000000 AS newest FROM nudges_candidate) AS now
CROSS JOIN generate_series(now.newest, now.newest + 1) AS part
WHERE to_regclass('nudges_decision_' || part) IS NULL AND nudges_make_decision_part(part)
