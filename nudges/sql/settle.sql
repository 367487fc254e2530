-- Turns reasons into outcomes. Quiet hours and a paused broadcast always wait; caps, gaps and pauses wait when the nudge
-- says so and time helps (it doesn't against a limit of 0 or a business budget); everything else ends here.
-- What would have to wait past the time until which it is true has expired; its rule stays as the cause. What waits is
-- spread over five minutes by its id, so that a night's worth is not let go in one second.
-- Reads and writes the run's `deciding`: outcome, reason, due_at.
UPDATE deciding AS d
SET outcome = CASE WHEN d.reason = 'sent' THEN 'send' WHEN fate.waits AND fate.wanted <= d.not_after THEN 'defer'
        ELSE 'suppress' END,
    reason = CASE WHEN fate.waits AND fate.wanted > d.not_after THEN 'expired' ELSE d.reason END,
    due_at = fate.wanted + least(
        abs(d.candidate_id) %% 300 * interval '1 second', greatest(d.not_after - fate.wanted, interval '0') / 2
    )
FROM (
    SELECT candidate_id, greatest(allowed_at, %(now)s + interval '60 seconds') AS wanted,
        allowed_at IS NOT NULL AND rule <> 'business_limit' AND (
            reason IN ('quiet_hours', 'broadcast_paused')
            OR on_cap = 'defer' AND reason IN ('capped', 'adapted', 'min_gap', 'own_cap', 'paused', 'outranked')
        ) AS waits
    FROM deciding
) AS fate
WHERE fate.candidate_id = d.candidate_id
