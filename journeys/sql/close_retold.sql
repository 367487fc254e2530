-- Needs that a retelling no longer knows: there never was such a need. The rows stay for what refers to them.
-- reads: - | writes: journeys_customerneed | returns: nothing
UPDATE journeys_customerneed
SET closed_at = coalesce(closed_at, %(now)s), closed_reason = 'retold', state = '{}', due_at = NULL
WHERE id = ANY (%(need_ids)s)
