-- Finds the parts of the ledger that retention has emptied, all before the newest candidate's.
-- Reads the catalogue of parts, decisions. Writes nothing. Returns name.
SELECT part.name
FROM (
    SELECT child.relname AS name, substring(child.relname FROM '\d+$')::bigint AS number
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'nudges_decision'::regclass AND child.relname ~ '^nudges_decision_\d+$'
) AS part
WHERE part.number < (SELECT coalesce(max(id), 0) / 5000000 FROM nudges_candidate)
  AND NOT EXISTS (
      SELECT FROM nudges_decision WHERE candidate_id >= part.number * 5000000 AND candidate_id < (part.number + 1) * 5000000
  )
ORDER BY part.number
