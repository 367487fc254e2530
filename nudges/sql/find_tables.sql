-- Whether this connection has the run's tables already: asking is quicker than saying six times that they are there.
-- Reads the catalogue, whether it has the last of make_tables.sql. Writes nothing. Returns are_made.
SELECT to_regclass('pg_temp.counted') IS NOT NULL AS are_made
