"""Addresses of needs, stages and guides, below `/api/v1/`."""

from django.urls import path

from journeys.api import customer_needs, guides, needs, shortlists, surveys

urlpatterns = [
    path("needs", needs.Needs.as_view()),
    path("needs/<int:need_id>", needs.OneNeed.as_view()),
    path("customer-needs", customer_needs.CustomerNeeds.as_view()),
    path("customer-needs/<int:customer_need_id>", customer_needs.OneCustomerNeed.as_view()),
    path("customer-needs/<int:customer_need_id>/close", customer_needs.CloseCustomerNeed.as_view()),
    path("customer-needs/<int:customer_need_id>/snooze", customer_needs.SnoozeCustomerNeed.as_view()),
    path("customer-needs/<int:customer_need_id>/reopen", customer_needs.ReopenCustomerNeed.as_view()),
    path("stage-changes", customer_needs.StageChanges.as_view()),
    path("shortlists", shortlists.Shortlists.as_view()),
    path("shortlists/<int:shortlist_id>", shortlists.OneShortlist.as_view()),
    path("shortlist-items", shortlists.ShortlistItems.as_view()),
    path("shortlist-items/<int:item_id>", shortlists.OneShortlistItem.as_view()),
    path("surveys", surveys.Surveys.as_view()),
    path("surveys/<int:survey_id>", surveys.OneSurvey.as_view()),
    path("surveys/<int:survey_id>/results", surveys.SurveyResults.as_view()),
    path("survey-answers", surveys.SurveyAnswers.as_view()),
    path("guides", guides.Guides.as_view()),
    path("guides/<int:guide_id>", guides.OneGuide.as_view()),
    path("guides/<int:guide_id>/publish", guides.PublishGuide.as_view()),
    path("guides/<int:guide_id>/unpublish", guides.UnpublishGuide.as_view()),
    path("guides/<int:guide_id>/archive", guides.ArchiveGuide.as_view()),
    path("guides/<int:guide_id>/verify", guides.VerifyGuide.as_view()),
]
