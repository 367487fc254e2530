-- Lets go of what was only looked at because it is scheduled: this run decides nothing about it.
-- Writes the run's `deciding`. Returns nothing.
DELETE FROM deciding WHERE scheduled_at IS NOT NULL
