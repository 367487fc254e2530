"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from nudges.dashboard import (
    adaptive,
    broadcasts,
    channels,
    customers,
    home,
    ledger,
    nudges,
    pressure,
    welcome,
    words,
)

app_name = "nudges"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("welcome", welcome.welcome, name="welcome"),
    path("customers", customers.customers, name="customers"),
    path("customers/<int:customer_id>", customers.customer, name="customer"),
    path("customers/<int:customer_id>/timeline", customers.timeline, name="customer_timeline"),
    path("customers/<int:customer_id>/what-if", customers.what_if, name="customer_what_if"),
    path("decisions/<int:decision_id>", ledger.decision, name="customer_decision"),
    path("nudges", nudges.nudges, name="nudges"),
    path("nudges/new", nudges.new, name="nudge_new"),
    path("nudges/audience", nudges.audience, name="nudge_audience"),
    path("nudges/<int:nudge_id>", nudges.nudge, name="nudge"),
    path("nudges/<int:nudge_id>/edit", nudges.edit, name="nudge_edit"),
    path("nudges/<int:nudge_id>/status", nudges.status, name="nudge_status"),
    path("nudges/<int:nudge_id>/dry-run", nudges.dry_run, name="nudge_dry_run"),
    path("nudges/<int:nudge_id>/words", words.words, name="nudge_words"),
    path("nudges/<int:nudge_id>/words/<int:content_id>/delete", words.delete, name="nudge_words_delete"),
    path("nudges/<int:nudge_id>/preview", words.preview, name="nudge_preview"),
    path("nudges/<int:nudge_id>/broadcasts", broadcasts.start, name="broadcast_start"),
    path("broadcasts/<int:broadcast_id>", broadcasts.progress, name="broadcast"),
    path("broadcasts/<int:broadcast_id>/state", broadcasts.change, name="broadcast_state"),
    path("settings/channels", channels.channels, name="settings_channels"),
    path("settings/channels/web_push/worker", channels.check_worker, name="settings_worker_check"),
    path("settings/channels/<slug:channel>", channels.channel, name="settings_channel"),
    path("settings/channels/<slug:channel>/keys", channels.keys, name="settings_channel_keys"),
    path("settings/channels/<slug:channel>/remove", channels.remove, name="settings_channel_remove"),
    path("settings/channels/<slug:channel>/test", channels.test, name="settings_channel_test"),
    path("settings/limits", pressure.pressure, name="settings_pressure"),
    path("settings/limits/adaptive", adaptive.adaptive, name="settings_adaptive"),
    path("settings/limits/caps", pressure.add, name="settings_cap_add"),
    path("settings/limits/caps/preview", pressure.preview, name="settings_cap_preview"),
    path("settings/limits/caps/<int:cap_id>", pressure.change, name="settings_cap"),
    path("settings/limits/caps/<int:cap_id>/archive", pressure.archive, name="settings_cap_archive"),
]
