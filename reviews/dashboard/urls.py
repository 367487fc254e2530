"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from reviews.dashboard import decisions, queue, rules, scrutiny

app_name = "reviews"
urlpatterns: list[URLPattern | URLResolver] = [
    path("reviews", queue.reviews, name="reviews"),
    path("reviews/decide", decisions.decide_on, name="decide"),
    path("reviews/undo", decisions.undo, name="undo"),
    path("reviews/rules", rules.rules, name="rules"),
    path("reviews/scrutiny", scrutiny.scrutiny, name="scrutiny"),
    path("reviews/photos/<int:photo_id>", queue.photo, name="photo"),
    path("reviews/questions/<int:post_id>", queue.question, name="question"),
    path("reviews/questions/<int:post_id>/answer", decisions.answer, name="answer"),
    path("reviews/<int:review_id>", queue.review, name="review"),
    path("reviews/<int:review_id>/respond", decisions.respond, name="review_respond"),
]
