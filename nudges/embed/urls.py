"""Addresses of the pages that messages link to."""

from django.urls import path

from nudges.embed import (
    inbox,
    mail_reports,
    pictures,
    preferences,
    push,
    replies,
    twilio,
    unsubscribing,
    watching,
)

app_name = "messages"
urlpatterns = [
    path("r/<str:token>/undo/", replies.undo, name="undo"),
    path("r/<str:token>/<slug:kind>/", replies.reply, name="reply"),
    path("r/<str:token>/", replies.answer, name="answer"),
    path("u/<str:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
    path("p/<str:token>/", preferences.preferences, name="preferences"),
    path("p/<str:token>/forget/", preferences.forget, name="forget"),
    path("p/<str:token>/close/", preferences.close, name="close"),
    path("p/<str:token>/data/", preferences.data, name="data"),
    path("p/<str:token>/erase/", preferences.erase, name="erase"),
    path("preferences/", preferences.element_preferences, name="element_preferences"),
    path("preferences/<slug:action>/", preferences.element_preferences, name="element_preferences_act"),
    path("i/<str:token>/", inbox.inbox, name="inbox"),
    path("i/<str:token>/<int:message_id>/<slug:action>/", inbox.act, name="inbox_act"),
    path("t/here/", watching.here, name="watch_here"),
    path("t/<str:token>/picture.gif", watching.picture, name="watched_picture"),
    path("t/<str:token>/", watching.link, name="watched_link"),
    path("in/mail/<slug:provider>/", mail_reports.mail_reports, name="mail_reports"),
    path("in/<int:account_id>/mail/", mail_reports.own_mail_reports, name="own_mail_reports"),
    path("in/<int:account_id>/message/", twilio.message, name="text_in"),
    path("in/<int:account_id>/status/<uuid:dispatch_id>/", twilio.status, name="text_status"),
    path("push/question/", push.push_question, name="push_question"),
    path("push/subscribe/", push.push_subscribe, name="push_subscribe"),
    path("push/renew/", push.push_renew, name="push_renew"),
    path("push/leave/", push.push_leave, name="push_leave"),
    path("pictures/<slug:name>.jpg", pictures.picture, name="picture"),
    path("inbox/", inbox.element_messages, name="element_messages"),
    path("inbox/unread/", inbox.element_unread, name="element_unread"),
    path("inbox/fragment/", inbox.element_fragment, name="element_fragment"),
    path("inbox/<int:message_id>/<slug:action>/", inbox.element_act, name="element_act"),
]
