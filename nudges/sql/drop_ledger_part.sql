-- Drops a part of the ledger, unless somebody has written to it since it was found empty.
-- Reads and writes a part of nudges_decision. Returns is_dropped.
SELECT nudges_drop_empty_decision_part(%(name)s) AS is_dropped
