"""`/api/v1/`: the resources of every app, the document that describes them, and an answer to any other path."""

from django.urls import include, path, re_path

from engagement.api.resources import NoSuchResource
from engagement.api.schema import docs, schema

urlpatterns = [
    path("schema/", schema, name="schema"),
    path("docs/", docs, name="api_docs"),
    path("", include("engagement.api.urls")),
    path("", include("journeys.api.urls")),
    path("", include("reviews.api.urls")),
    path("", include("nudges.api.urls")),
    re_path("", NoSuchResource.as_view()),
]
