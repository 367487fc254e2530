-- Holds push messages back while the customer has paused them or sleeps, and outside the send windows. A pause is a limit
-- of the customer's and, as limits do, lets an exempt service message pass; hours hold for everything that rings.
-- Few hours are as many people's, so the end of each night is found once. None: the hours leave no time to send.
-- Reads and writes the run's `facts`: reason, rule, allowed_at.
WITH awake AS MATERIALIZED (
    SELECT night.*, nudges_sendable_at(
        coalesce(pause_ends, %(now)s::timestamptz), zone, quiet_start, quiet_end, own_start, own_end, send_week
    ) AS until, CASE
        WHEN pause_ends IS NOT NULL THEN 'paused'
        WHEN nudges_awake_at(%(now)s::timestamptz, zone, quiet_start, quiet_end, own_start, own_end) > %(now)s::timestamptz THEN 'quiet_hours'
        ELSE 'send_window'
    END AS reason
    FROM (
        SELECT DISTINCT CASE WHEN NOT exempt AND paused_until > %(now)s::timestamptz THEN paused_until END AS pause_ends,
            zone, quiet_start, quiet_end, own_start, own_end, send_week
        FROM facts
        WHERE reason IS NULL AND channel <> 'inbox' AND scheduled_at IS NULL
    ) AS night
)
UPDATE facts AS d
SET reason = awake.reason,
    rule = CASE WHEN awake.reason = 'paused' THEN 'preference:pause' ELSE awake.reason END,
    allowed_at = awake.until
FROM awake
WHERE d.reason IS NULL AND d.channel <> 'inbox' AND d.scheduled_at IS NULL
  AND (awake.until > %(now)s::timestamptz OR awake.until IS NULL)
  AND awake.zone = d.zone AND coalesce(awake.pause_ends, '-infinity')
      = coalesce(CASE WHEN NOT d.exempt AND d.paused_until > %(now)s::timestamptz THEN d.paused_until END, '-infinity')
  AND (d.quiet_start, d.quiet_end, d.own_start, d.own_end, d.send_week)
      IS NOT DISTINCT FROM (awake.quiet_start, awake.quiet_end, awake.own_start, awake.own_end, awake.send_week)
