"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from journeys.embed import guides, situations

app_name = "journeys_embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("f/guide/", guides.guide_fragment, name="guide_fragment"),
    path("f/guide/read/", guides.guide_read, name="guide_read"),
    path("f/situation/", situations.situation_fragment, name="situation_fragment"),
    path("situation/<slug:workspace>/<str:token>/", situations.situation_page, name="situation_page"),
    path("guide/<slug:workspace>/<slug:slug>/", guides.guide_page, name="guide_page"),
]
