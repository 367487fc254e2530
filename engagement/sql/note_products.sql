-- Make stubs of products that the catalogue lacks, and fill what stubs still lack. Described products are left alone.
-- reads: - | writes: engagement_product | returns: nothing
INSERT INTO engagement_product AS known (
    workspace_id, sku, kind, name, category, brand, price, currency, url, image_url, attributes, source_url, is_stub,
    created_at, updated_at
)
SELECT
    %(workspace_id)s, sku, 'own', coalesce(name, ''), coalesce(category, ''), coalesce(brand, ''), price,
    coalesce(currency, ''), coalesce(url, ''), coalesce(image_url, ''), '{}', '', true, now(), now()
FROM jsonb_to_recordset(%(products)s::jsonb) AS told (
    sku text, name text, category text, brand text, price numeric, currency text, url text, image_url text
)
ORDER BY sku
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = coalesce(nullif(known.name, ''), excluded.name),
    category = coalesce(nullif(known.category, ''), excluded.category),
    brand = coalesce(nullif(known.brand, ''), excluded.brand),
    price = coalesce(known.price, excluded.price),
    currency = coalesce(nullif(known.currency, ''), excluded.currency),
    url = coalesce(nullif(known.url, ''), excluded.url),
    image_url = coalesce(nullif(known.image_url, ''), excluded.image_url),
    updated_at = now()
WHERE known.is_stub
    AND (
        (known.name = '' AND excluded.name <> '')
        OR (known.category = '' AND excluded.category <> '')
        OR (known.brand = '' AND excluded.brand <> '')
        OR (known.price IS NULL AND excluded.price IS NOT NULL)
        OR (known.currency = '' AND excluded.currency <> '')
        OR (known.url = '' AND excluded.url <> '')
        OR (known.image_url = '' AND excluded.image_url <> '')
    )
