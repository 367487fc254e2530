"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from reviews.dashboard import decisions, exports, imports, queue, rules, scrutiny

app_name = "reviews"
urlpatterns: list[URLPattern | URLResolver] = [
    path("reviews", queue.reviews, name="reviews"),
    path("reviews/decide", decisions.decide_on, name="decide"),
    path("reviews/undo", decisions.undo, name="undo"),
    path("reviews/exports", exports.exports, name="review_exports"),
    path("reviews/exports/<slug:what>/<slug:form>", exports.download, name="review_export"),
    path("reviews/imports", imports.imports, name="review_imports"),
    path("reviews/imports/<int:import_id>", imports.one_import, name="review_import"),
    path("reviews/imports/<int:import_id>/change", imports.change_import, name="review_import_change"),
    path("reviews/imports/<int:import_id>/report", imports.import_report, name="review_import_report"),
    path("reviews/rules", rules.rules, name="rules"),
    path("reviews/scrutiny", scrutiny.scrutiny, name="scrutiny"),
    path("reviews/photos/<int:photo_id>", queue.photo, name="photo"),
    path("reviews/questions/<int:post_id>", queue.question, name="question"),
    path("reviews/questions/<int:post_id>/answer", decisions.answer, name="answer"),
    path("reviews/<int:review_id>", queue.review, name="review"),
    path("reviews/<int:review_id>/respond", decisions.respond, name="review_respond"),
]
