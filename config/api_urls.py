"""`/api/v1/`: the resources of every app, and the schema that describes them."""

from django.urls import include, path

urlpatterns = [
    path("", include("engagement.api.urls")),
    path("", include("journeys.api.urls")),
    path("", include("reviews.api.urls")),
    path("", include("nudges.api.urls")),
]
