-- Lets wait what time helps. Quiet hours, send windows, a paused broadcast or flow and what needs an approval always wait; caps,
-- gaps and pauses wait when the nudge says so and time helps (it doesn't against a limit of 0 or a business budget);
-- everything else ends here.
-- What would have to wait past the time until which it is true has expired; its rule stays as the cause. What waits is
-- spread over five minutes by its id, so that a night's worth is not let go in one second.
-- Reads and writes the run's `deciding`: reason, due_at; its outcome follows from these.
UPDATE deciding AS d
SET (reason, due_at) = (
    SELECT CASE WHEN fate.wanted > d.not_after THEN 'expired' ELSE d.reason END,
        CASE WHEN fate.wanted <= d.not_after THEN fate.wanted + least(
            abs(d.candidate_id) %% 300 * interval '1 second', (d.not_after - fate.wanted) / 2
        ) END
    FROM (SELECT greatest(d.allowed_at, %(now)s::timestamptz + interval '60 seconds') AS wanted) AS fate
)
WHERE allowed_at IS NOT NULL AND rule <> 'business_limit' AND (
    reason IN ('quiet_hours', 'send_window', 'broadcast_paused', 'flow_paused', 'unapproved')
    OR on_cap = 'defer' AND reason IN ('capped', 'adapted', 'min_gap', 'own_cap', 'paused', 'outranked')
)
