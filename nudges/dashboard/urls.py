"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from nudges.dashboard import customers, home, welcome

app_name = "nudges"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("welcome", welcome.welcome, name="welcome"),
    path("customers", customers.customers, name="customers"),
    path("customers/<int:customer_id>", customers.customer, name="customer"),
    path("customers/<int:customer_id>/timeline", customers.timeline, name="customer_timeline"),
    path("customers/<int:customer_id>/what-if", customers.what_if, name="customer_what_if"),
]
