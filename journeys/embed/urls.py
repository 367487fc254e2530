"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from journeys.embed import friends, guides, shortlists, situations, surveys

app_name = "journeys_embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("f/guide/", guides.guide_fragment, name="guide_fragment"),
    path("f/guide/own/", guides.own_guide, name="own_guide"),
    path("f/guide/read/", guides.guide_read, name="guide_read"),
    path("f/shortlist/", shortlists.shortlist_fragment, name="shortlist_fragment"),
    path("f/keep/", shortlists.keep_fragment, name="keep_fragment"),
    path("shortlist/<slug:workspace>/", shortlists.shortlist_start, name="shortlist_start"),
    path("shortlist/<slug:workspace>/<str:token>/", shortlists.shortlist_page, name="shortlist_page"),
    path("shared/<slug:workspace>/<str:token>/", friends.shared_page, name="shared_page"),
    path("f/survey/", surveys.survey_fragment, name="survey_fragment"),
    path("survey/<slug:workspace>/<slug:slug>/<str:token>/", surveys.survey_page, name="survey_page"),
    path("f/known/", situations.known, name="known"),
    path("f/situation/", situations.situation_fragment, name="situation_fragment"),
    path("situation/<slug:workspace>/<str:token>/", situations.situation_page, name="situation_page"),
    path("guide/<slug:workspace>/<slug:slug>/", guides.guide_page, name="guide_page"),
]
