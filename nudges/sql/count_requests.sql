-- How many messages asked customers for a review or for an answer, and how many of these customers then wrote or renewed a
-- review of a product that they were asked about, or answered the question. By what they were asked for; nothing of what they
-- said. An owner's entry began at the moment at which the question was put to them.
-- Reads nudges, messages, entries, reviews, questions put to owners. Writes nothing. Returns purpose, asked, wrote.
SELECT nudge.purpose, count(*) AS asked,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM reviews_review AS review
           JOIN reviews_reviewversion AS version ON version.review_id = review.id
           WHERE review.customer_id = message.customer_id AND review.product_id = ANY (entry.product_ids)
             AND version.at > message.decided_at
       ) OR EXISTS (
           SELECT FROM reviews_ownerasked AS question
           WHERE nudge.purpose = 'owner' AND question.customer_id = message.customer_id
             AND question.asked_at = entry.event_at AND question.answered_at IS NOT NULL
       )) AS wrote
FROM nudges_nudge AS nudge
JOIN nudges_message AS message ON message.nudge_id = nudge.id
JOIN nudges_entry AS entry ON entry.candidate_id = message.candidate_id
WHERE nudge.workspace_id = %(workspace)s AND nudge.purpose <> '' AND message.decided_at >= %(since)s
  AND message.state IN ('sent', 'delivered', 'unknown')
GROUP BY nudge.purpose
