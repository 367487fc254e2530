-- Holds push messages back while the customer has paused them or sleeps. A pause is a limit of the customer's and, as
-- limits do, lets an exempt service message pass; quiet hours hold for everything that rings.
-- Reads and writes the run's `deciding`: reason, rule, allowed_at.
UPDATE deciding AS d
SET reason = CASE WHEN held.by_pause THEN 'paused' ELSE 'quiet_hours' END,
    rule = CASE WHEN held.by_pause THEN 'preference:pause' ELSE 'quiet_hours' END,
    allowed_at = held.until
FROM (
    SELECT x.candidate_id, pause.is_on AS by_pause, nudges_awake_at(
        CASE WHEN pause.is_on THEN x.paused_until ELSE %(now)s END, x.zone, x.quiet_start, x.quiet_end, x.own_start, x.own_end
    ) AS until
    FROM deciding AS x
    CROSS JOIN LATERAL (SELECT x.paused_until IS NOT NULL AND x.paused_until > %(now)s AND NOT x.exempt) AS pause (is_on)
    WHERE x.reason IS NULL AND x.channel <> 'inbox' AND x.scheduled_at IS NULL
) AS held
WHERE held.candidate_id = d.candidate_id AND held.until > %(now)s
