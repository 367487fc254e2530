-- Drops parts of the ledger that retention has emptied, all before the newest candidate's.
-- Reads the catalogue of parts. Writes parts of nudges_decision. Returns name, of those dropped.
WITH part AS MATERIALIZED (  -- found first: dropping changes the catalogue that is read here
    SELECT child.relname AS name, substring(child.relname FROM '\d+$')::bigint AS part
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'nudges_decision'::regclass AND child.relname ~ '^nudges_decision_\d+$'
), old AS MATERIALIZED (
    SELECT array_agg(name) AS names FROM part
    WHERE part < (SELECT coalesce(max(id), 0) / 5000000 FROM nudges_candidate)
      AND NOT EXISTS (
        SELECT FROM nudges_decision WHERE candidate_id >= part.part * 5000000 AND candidate_id < (part.part + 1) * 5000000
    )
)
SELECT name, nudges_drop_decision_part(name) AS is_dropped FROM old, unnest(names) AS name
