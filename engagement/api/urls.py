"""Addresses of the ground floor's resources, below `/api/v1/`."""

from django.urls import path

from engagement.api import categories, products

urlpatterns = [
    path("products", products.Products.as_view()),
    path("products/batch", products.ProductBatches.as_view()),
    path("products/<int:product_id>", products.OneProduct.as_view()),
    path("categories", categories.Categories.as_view()),
    path("categories/<int:category_id>", categories.OneCategory.as_view()),
]
