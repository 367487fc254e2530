-- What became of readers who saw how a product fitted people like them, and of those who were kept from it to compare:
-- how many bought it within thirty days, and how many of these sent it back. Each reader and product counts once, by
-- what they met first. Finds them by the index event_fit_seen, then reads each one's own later events.
-- Reads events. Returns a row for each need and group.
WITH met AS (
    SELECT DISTINCT ON (event.customer_id, event.properties ->> 'product_id')
        event.customer_id, event.id, event.occurred_at, event.properties ->> 'product_id' AS sku,
        event.properties ->> 'need' AS need, event.properties ->> 'arm' = 'shown' AS is_shown
    FROM engagement_event event
    WHERE event.workspace_id = %(workspace)s AND event.name = 'Fit Seen' AND event.received_at > %(since)s
    ORDER BY event.customer_id, event.properties ->> 'product_id', event.id
)
SELECT met.need, met.is_shown, count(*) AS readers, count(bought.order_id) AS bought,
       count(*) FILTER (WHERE bought.order_id IS NOT NULL AND EXISTS (
           SELECT
           FROM engagement_event back
           WHERE back.customer_id = met.customer_id AND back.workspace_id = %(workspace)s
             AND back.type = 'track' AND back.name = 'Order Refunded'
             AND coalesce(back.properties ->> 'order_id', '') IN (bought.order_id, '')
             AND (
                 NOT back.properties ? 'products'
                 OR back.properties -> 'products' @> jsonb_build_array(jsonb_build_object('product_id', met.sku))
                 OR back.properties -> 'products' @> jsonb_build_array(jsonb_build_object('sku', met.sku))
             )
       )) AS sent_back
FROM met
LEFT JOIN LATERAL (
    SELECT coalesce(ordered.properties ->> 'order_id', '') AS order_id
    FROM engagement_event ordered
    WHERE ordered.customer_id = met.customer_id AND ordered.workspace_id = %(workspace)s AND ordered.id > met.id
      AND ordered.type = 'track' AND ordered.name = 'Order Completed'
      AND ordered.occurred_at < met.occurred_at + interval '30 days'
      AND (
          ordered.properties -> 'products' @> jsonb_build_array(jsonb_build_object('product_id', met.sku))
          OR ordered.properties -> 'products' @> jsonb_build_array(jsonb_build_object('sku', met.sku))
      )
    ORDER BY ordered.id
    LIMIT 1
) bought ON true
GROUP BY met.need, met.is_shown
