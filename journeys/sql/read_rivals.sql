-- Own products and what stands beside them on the same shortlists of a need, most often first.
-- reads: journeys_shortlist, journeys_shortlistitem, engagement_product
-- returns: own, other, together, own_chosen, other_chosen
WITH listed AS (
    SELECT item.shortlist_id, item.chosen_at IS NOT NULL AS is_chosen, product.kind = 'own' AS is_own,
        coalesce(nullif(product.name, ''), product.sku, lower(btrim(item.name))) AS name,
        coalesce('sku ' || product.sku, 'typed ' || lower(btrim(item.name))) AS thing
    FROM journeys_shortlistitem AS item
    JOIN journeys_shortlist AS shortlist ON shortlist.id = item.shortlist_id
    LEFT JOIN engagement_product AS product ON product.id = item.product_id
    WHERE shortlist.workspace_id = %(workspace_id)s AND shortlist.need_id = %(need_id)s
)
SELECT min(own.name) AS own, min(other.name) AS other, count(*) AS together,
    count(*) FILTER (WHERE own.is_chosen) AS own_chosen, count(*) FILTER (WHERE other.is_chosen) AS other_chosen
FROM listed AS own
JOIN listed AS other ON other.shortlist_id = own.shortlist_id AND other.thing <> own.thing
WHERE own.is_own AND (other.is_own IS NOT TRUE OR own.thing < other.thing)
GROUP BY own.thing, other.thing
HAVING count(*) >= %(least)s
ORDER BY together DESC, own, other
LIMIT %(most)s
