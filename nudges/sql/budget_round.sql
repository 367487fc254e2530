-- Holds back business-centric candidates of this round that would lift their workspace over its share of the push
-- messages of the last 30 days (read_shares.sql). What serves the customers in this round is counted first, since it only
-- makes room; then one business message after the other, for as long as the share holds after it. Who is in the holdout
-- is judged alike, but uses none of the share.
-- Writes the run's `deciding`: reason, rule, limit, count.
WITH past AS (
    SELECT * FROM unnest(%(workspaces)s::bigint[], %(percents)s::integer[], %(totals)s::bigint[], %(businesses)s::bigint[])
        AS s (workspace_id, percent, total, business)
), run AS (
    SELECT workspace_id, count(*) AS total, count(*) FILTER (WHERE interest = 'business') AS business
    FROM deciding
    WHERE counts AND NOT in_holdout AND reason IS NULL AND scheduled_at IS NULL
      AND (place BETWEEN 1 AND %(round)s::integer - 1 OR place = %(round)s::integer AND interest = 'customer')
    GROUP BY workspace_id
), asking AS (
    SELECT d.candidate_id, d.workspace_id, uses.share AS uses_share, 1 + count(*) FILTER (WHERE uses.share) OVER (
        PARTITION BY d.workspace_id ORDER BY d.priority DESC, d.value DESC, d.put_forward_at, d.candidate_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS nth  -- of those that would use the share, were it sent
    FROM deciding AS d
    JOIN past ON past.workspace_id = d.workspace_id
    CROSS JOIN LATERAL (SELECT d.counts AND NOT d.in_holdout AS share) AS uses
    WHERE d.place = %(round)s::integer AND d.reason IS NULL AND d.scheduled_at IS NULL AND d.interest = 'business'
), weighed AS (
    SELECT asking.candidate_id, asking.workspace_id, asking.uses_share, past.percent, asking.nth,
           past.business + coalesce(run.business, 0) AS business, past.total + coalesce(run.total, 0) AS total
    FROM asking
    JOIN past ON past.workspace_id = asking.workspace_id
    LEFT JOIN run ON run.workspace_id = asking.workspace_id
), judged AS (
    SELECT weighed.*, 100 * (business + nth) <= percent * (total + nth) AS passes,
        count(*) FILTER (WHERE uses_share AND 100 * (business + nth) <= percent * (total + nth)) OVER (PARTITION BY workspace_id) AS passed
    FROM weighed
)
UPDATE deciding AS d
SET reason = 'workspace_budget', rule = 'business_share', "limit" = judged.percent,
    count = 100 * (judged.business + judged.passed) / greatest(judged.total + judged.passed, 1)
FROM judged
WHERE judged.candidate_id = d.candidate_id AND NOT judged.passes
