-- Brings a provider's quota up to now: tokens come in by the second up to a burst, a new day begins to count at 0.
-- Holds the row until the transaction ends, so that all workers together get no more than there is.
-- Reads and writes nudges_quota. Returns tokens, used.
INSERT INTO nudges_quota AS quota (provider, tokens, filled_at, day, used)
VALUES (%(provider)s, coalesce(%(burst)s::float, 0), %(now)s, %(today)s, 0)
ON CONFLICT (provider) DO UPDATE
SET tokens = least(
        coalesce(%(burst)s::float, 0),
        quota.tokens + coalesce(%(per_second)s::float, 0)
            * greatest(extract(epoch FROM %(now)s - quota.filled_at)::float, 0)
    ),
    filled_at = greatest(quota.filled_at, %(now)s),
    used = CASE WHEN quota.day < %(today)s THEN 0 ELSE quota.used END,
    day = greatest(quota.day, %(today)s)
RETURNING tokens, used
