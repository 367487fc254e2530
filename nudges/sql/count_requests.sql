-- How many messages asked customers for a review (or an answer), and how many of these customers then wrote or renewed one
-- about a product that they were asked about. By what they were asked for; nothing of what they said.
-- Reads nudges, messages, entries, reviews, answers. Writes nothing. Returns purpose, asked, reviewed.
SELECT nudge.purpose, count(*) AS asked,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM reviews_review AS review
           JOIN reviews_reviewversion AS version ON version.review_id = review.id
           WHERE review.customer_id = message.customer_id AND review.product_id = ANY (entry.product_ids)
             AND version.at > message.decided_at
       )) AS reviewed
FROM nudges_nudge AS nudge
JOIN nudges_message AS message ON message.nudge_id = nudge.id
JOIN nudges_entry AS entry ON entry.candidate_id = message.candidate_id
WHERE nudge.workspace_id = %(workspace)s AND nudge.purpose <> '' AND message.decided_at >= %(since)s
  AND message.state IN ('sent', 'delivered', 'unknown')
GROUP BY nudge.purpose
