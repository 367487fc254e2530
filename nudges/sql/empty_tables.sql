-- Empties the tables of the run: needed only when one transaction holds several runs (tests, simulations).
-- A DELETE, since a TRUNCATE would rewrite the catalogue at every chunk.
WITH a AS (DELETE FROM considered), b AS (DELETE FROM ways), c AS (DELETE FROM facts), d AS (DELETE FROM bearing),
    e AS (DELETE FROM counted)
DELETE FROM deciding
