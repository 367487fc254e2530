"""Addresses of the ground floor's resources, below `/api/v1/`."""

from django.urls import path

from engagement.api import (
    categories,
    customer_addresses,
    customer_facts,
    customers,
    events,
    products,
    webhook_deliveries,
    webhooks,
)

urlpatterns = [
    path("customers", customers.Customers.as_view()),
    path("customers/batch", customers.CustomerBatches.as_view()),
    path("customers/by-external-id/<path:external_id>", customers.CustomerByExternalId.as_view()),
    path("customers/<int:customer_id>", customers.OneCustomer.as_view()),
    path("customers/<int:customer_id>/timeline", customers.CustomerTimeline.as_view()),
    path("customers/<int:customer_id>/facts", customer_facts.CustomerFacts.as_view()),
    path("customers/<int:customer_id>/consents", customer_facts.CustomerConsents.as_view()),
    path("customers/<int:customer_id>/addresses", customer_addresses.CustomerAddresses.as_view()),
    path(
        "customers/<int:customer_id>/addresses/<int:address_id>",
        customer_addresses.OneCustomerAddress.as_view(),
    ),
    path("events", events.Events.as_view()),
    path("events/validate", events.EventChecks.as_view()),
    path("products", products.Products.as_view()),
    path("products/batch", products.ProductBatches.as_view()),
    path("products/<int:product_id>", products.OneProduct.as_view()),
    path("categories", categories.Categories.as_view()),
    path("categories/<int:category_id>", categories.OneCategory.as_view()),
    path("webhook-endpoints", webhooks.Endpoints.as_view()),
    path("webhook-endpoints/<int:endpoint_id>", webhooks.OneEndpoint.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/secret", webhooks.EndpointSecret.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/test", webhook_deliveries.EndpointTest.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/send-again", webhook_deliveries.FailedAgain.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/deliveries", webhook_deliveries.Deliveries.as_view()),
    path(
        "webhook-endpoints/<int:endpoint_id>/deliveries/<int:delivery_id>",
        webhook_deliveries.OneDelivery.as_view(),
    ),
    path(
        "webhook-endpoints/<int:endpoint_id>/deliveries/<int:delivery_id>/send-again",
        webhook_deliveries.DeliveryAgain.as_view(),
    ),
]
