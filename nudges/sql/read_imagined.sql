-- Reads what would become of the imagined candidates. Reads the run's `deciding`. Writes nothing.
SELECT customer_id, outcome, verdict AS reason, rule, "limit", count, coalesce(used_by, '{}') AS used_by,
       allowed_at, CASE WHEN winner_id < 4611686018427387904 THEN winner_id END AS winner_id, stage, coalesce(channel, '') AS channel, in_holdout
FROM deciding WHERE candidate_id > 4611686018427387904 ORDER BY customer_id
