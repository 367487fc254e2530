"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from journeys.embed import guides

app_name = "journeys_embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("f/guide/", guides.guide_fragment, name="guide_fragment"),
    path("f/guide/read/", guides.guide_read, name="guide_read"),
    path("guide/<slug:workspace>/<slug:slug>/", guides.guide_page, name="guide_page"),
]
