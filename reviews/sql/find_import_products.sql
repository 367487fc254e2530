-- Products that go by one of these names: their SKU, the id or handle that the shop's catalogue keeps as attributes, or
-- the last part of their page's address, which is what shops call a handle.
-- Reads products. Returns id and each name.
SELECT id, sku, attributes ->> 'product_id' AS product_id, attributes ->> 'handle' AS handle,
       substring(url FROM '/([^/?#]+)/*(?:[?#].*)?$') AS slug
FROM engagement_product
WHERE workspace_id = %(workspace)s
  AND (
      sku = ANY (%(names)s::text[])
      OR attributes ->> 'product_id' = ANY (%(names)s::text[])
      OR attributes ->> 'handle' = ANY (%(names)s::text[])
      OR substring(url FROM '/([^/?#]+)/*(?:[?#].*)?$') = ANY (%(names)s::text[])
  )
ORDER BY id
