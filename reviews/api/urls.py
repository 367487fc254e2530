"""Addresses of reviews, below `/api/v1/`."""

from django.urls import path

from reviews.api import ratings, reviews

urlpatterns = [
    path("ratings", ratings.Ratings.as_view()),
    path("reviews", reviews.Reviews.as_view()),
    path("reviews/<int:review_id>", reviews.OneReview.as_view()),
    path("reviews/<int:review_id>/publish", reviews.PublishReview.as_view()),
    path("reviews/<int:review_id>/reject", reviews.RejectReview.as_view()),
    path("reviews/<int:review_id>/undo", reviews.UndoModeration.as_view()),
    path("reviews/<int:review_id>/response", reviews.ReviewResponse.as_view()),
]
