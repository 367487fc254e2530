-- How many of each workspace's push messages of the last 30 days there are, and how many of them serve the business: whole
-- hours from the tallies, the hour that is cut by the messages themselves.
-- The caller holds the policies FOR UPDATE, so no other worker adds to them until this run is written.
-- Reads push tallies, messages (index messages_of_workspace). Writes nothing. Returns workspace_id, percent, total, business.
SELECT policy.workspace_id, policy.business_share_percent AS percent, coalesce(sum(past.n), 0)::bigint AS total,
    coalesce(sum(past.n) FILTER (WHERE past.interest = 'business'), 0)::bigint AS business
FROM nudges_policy AS policy
CROSS JOIN (SELECT %(now)s::timestamptz - interval '30 days' AS at, date_trunc('hour', %(now)s::timestamptz - interval '30 days', 'UTC')
    + interval '1 hour' AS next_hour) AS since
LEFT JOIN LATERAL (
    SELECT interest, n FROM nudges_pushtally WHERE workspace_id = policy.workspace_id AND hour >= since.next_hour
    UNION ALL
    SELECT interest, 1 FROM nudges_message
    WHERE workspace_id = policy.workspace_id AND counts AND decided_at > since.at AND decided_at < since.next_hour
) AS past ON true
WHERE policy.workspace_id = ANY (%(workspaces)s::bigint[])
GROUP BY policy.workspace_id, policy.business_share_percent
ORDER BY policy.workspace_id
