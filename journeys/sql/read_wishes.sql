-- Must-haves of a need's shortlists that several customers named, most often first.
-- reads: journeys_shortlist | returns: text, shortlists
SELECT min(wish ->> 'text') AS text, count(DISTINCT shortlist.id) AS shortlists
FROM journeys_shortlist AS shortlist
CROSS JOIN jsonb_array_elements(shortlist.must_haves) AS wish
WHERE shortlist.workspace_id = %(workspace_id)s AND shortlist.need_id = %(need_id)s
GROUP BY lower(btrim(wish ->> 'text'))
HAVING count(DISTINCT shortlist.id) >= %(least)s
ORDER BY shortlists DESC, text
LIMIT %(most)s
