"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from journeys.dashboard import alternatives, evidence, guide_previews, guides, needs, survey_changes, surveys

app_name = "journeys"
urlpatterns: list[URLPattern | URLResolver] = [
    path("needs", needs.needs, name="needs"),
    path("needs/new", needs.new, name="need_new"),
    path("needs/<int:need_id>", needs.edit, name="need"),
    path("needs/evidence", evidence.evidence, name="needs_evidence"),
    path("needs/alternatives", alternatives.alternatives, name="needs_alternatives"),
    path("surveys", surveys.surveys, name="surveys"),
    path("surveys/new", surveys.new, name="survey_new"),
    path("surveys/<int:survey_id>", surveys.survey, name="survey"),
    path("surveys/<int:survey_id>/edit", surveys.edit, name="survey_edit"),
    path("surveys/<int:survey_id>/state", surveys.state, name="survey_state"),
    path("surveys/<int:survey_id>/changes", survey_changes.add, name="survey_change_new"),
    path(
        "surveys/<int:survey_id>/changes/<int:change_id>/remove",
        survey_changes.remove,
        name="survey_change_remove",
    ),
    path("guides", guides.guides, name="guides"),
    path("guides/new", guides.new, name="guide_new"),
    path("guides/readers", guide_previews.readers, name="guide_readers"),
    path("guides/preview", guide_previews.preview, name="guide_preview"),
    path("guides/<int:guide_id>", guides.edit, name="guide"),
    path("guides/<int:guide_id>/state", guides.state, name="guide_state"),
    path("guides/<int:guide_id>/versions/<int:number>", guide_previews.version, name="guide_version"),
]
