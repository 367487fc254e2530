-- Finds, for reviews without one, the latest order of the same customer that contains the product, and notes its event.
-- Nothing else writes order_event_id. One index range a review: the events of its customer. Returns the verified ids.
UPDATE reviews_review review
SET order_event_id = ordered.id
FROM reviews_review mine
JOIN engagement_product product ON product.id = mine.product_id
CROSS JOIN LATERAL (
    SELECT event.id
    FROM engagement_event event
    WHERE event.workspace_id = mine.workspace_id
      AND event.customer_id = mine.customer_id
      AND event.type = 'track'
      AND event.name = 'Order Completed'
      AND EXISTS (
          SELECT
          FROM jsonb_array_elements(
              CASE jsonb_typeof(event.properties -> 'products')
                  WHEN 'array' THEN event.properties -> 'products'
                  ELSE jsonb_build_array(event.properties)
              END
          ) item
          -- As text, because some shops send their numbers as numbers.
          WHERE product.sku IN (item ->> 'product_id', item ->> 'sku')
      )
    ORDER BY event.id DESC
    LIMIT 1
) ordered
WHERE review.id = mine.id AND mine.id = ANY(%(review_ids)s) AND mine.order_event_id IS NULL
RETURNING review.id
