"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from reviews.embed import (
    collecting,
    feeds,
    fits,
    pictures,
    questions,
    reading,
    reports,
    scrutiny,
    votes,
    writing,
)

app_name = "reviews_embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("f/reviews/", reading.list_fragment, name="list_fragment"),
    path("feeds/v1/<str:name>", feeds.feed, name="feed"),
    path("f/fit/", reading.fit_fragment, name="fit_fragment"),
    path("f/fit/seen/", fits.fit_seen, name="fit_seen"),
    path("photo/<slug:name>.thumb.jpg", pictures.photo, {"small": True}, name="thumb"),
    path("photo/<slug:name>.jpg", pictures.photo, name="photo"),
    path("f/questions/", questions.questions_fragment, name="questions_fragment"),
    path("questions/<slug:workspace>/<path:sku>/", questions.questions_page, name="questions_page"),
    path(
        "confirm-question/<slug:workspace>/<str:token>/",
        questions.confirm_question_page,
        name="confirm_question_page",
    ),
    path("answer/<slug:workspace>/<str:token>/", questions.answer_page, name="answer_page"),
    path("collect/<slug:workspace>/<str:token>/", collecting.collection_page, name="collection_page"),
    path("report/<slug:workspace>/<str:kind>/<int:number>/", reports.report_page, name="report_page"),
    path("treatment/<slug:workspace>/", scrutiny.treatment_page, name="treatment_page"),
    path("f/review/", writing.form_fragment, name="form_fragment"),
    path("f/review/vote/", votes.vote, name="vote"),
    path("reviews/<slug:workspace>/<path:sku>/", reading.list_page, name="list_page"),
    path("review/<slug:workspace>/<path:sku>/", writing.form_page, name="form_page"),
    path("vote/<slug:workspace>/", votes.vote_page, name="vote_page"),
    path("confirm/<slug:workspace>/<str:token>/", writing.confirmation_page, name="confirmation_page"),
]
