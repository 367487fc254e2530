"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from reviews.dashboard import queue

app_name = "reviews"
urlpatterns: list[URLPattern | URLResolver] = [
    path("reviews", queue.reviews, name="reviews"),
    path("reviews/<int:review_id>", queue.review, name="review"),
    path("reviews/<int:review_id>/decide", queue.decide, name="review_decide"),
    path("reviews/<int:review_id>/respond", queue.respond, name="review_respond"),
]
