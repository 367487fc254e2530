"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from journeys.dashboard import alternatives, evidence, guides, needs

app_name = "journeys"
urlpatterns: list[URLPattern | URLResolver] = [
    path("needs", needs.needs, name="needs"),
    path("needs/new", needs.new, name="need_new"),
    path("needs/<int:need_id>", needs.edit, name="need"),
    path("needs/evidence", evidence.evidence, name="needs_evidence"),
    path("needs/alternatives", alternatives.alternatives, name="needs_alternatives"),
    path("guides", guides.guides, name="guides"),
    path("guides/new", guides.new, name="guide_new"),
    path("guides/preview", guides.preview, name="guide_preview"),
    path("guides/<int:guide_id>", guides.edit, name="guide"),
    path("guides/<int:guide_id>/state", guides.state, name="guide_state"),
    path("guides/<int:guide_id>/versions/<int:number>", guides.version, name="guide_version"),
]
