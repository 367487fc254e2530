"""Every door of the program."""

from django.urls import include, path

from engagement.api import tracking_urls

urlpatterns = [
    path("", include("engagement.api.probes")),
    path("v1/", include("engagement.api.tracking_urls")),
    path("", include(tracking_urls.root_urlpatterns)),
    path("api/v1/", include("config.api_urls")),
    path("e/", include("engagement.embed.urls")),
    path("e/", include("journeys.embed.urls")),
    path("e/", include("reviews.embed.urls")),
    path("m/", include("nudges.embed.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("engagement.dashboard.urls")),
    path("", include("journeys.dashboard.urls")),
    path("", include("reviews.dashboard.urls")),
    path("", include("nudges.dashboard.urls")),
]
