"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from engagement.dashboard import accounts, conditions, events, outbox, workspaces
from engagement.dashboard.settings import audit, embedding, general, keys, members, topics, webhooks

app_name = "engagement"
urlpatterns: list[URLPattern | URLResolver] = [
    path("workspaces/switch", workspaces.switch_workspace, name="switch_workspace"),
    path("join/<str:token>", workspaces.join, name="join"),
    path("account/language", accounts.language, name="language"),
    path("events", events.live_events, name="events"),
    path("conditions/audience", conditions.audience, name="audience"),
    path("settings", general.general, name="settings"),
    path("settings/keys", keys.keys, name="settings_keys"),
    path("settings/keys/<int:key_id>/revoke", keys.revoke, name="settings_key_revoke"),
    path("settings/members", members.members, name="settings_members"),
    path("settings/members/<int:member_id>/role", members.role, name="settings_member_role"),
    path("settings/members/<int:member_id>/remove", members.remove, name="settings_member_remove"),
    path(
        "settings/invitations/<int:invitation_id>/revoke",
        members.revoke,
        name="settings_invitation_revoke",
    ),
    path("settings/topics", topics.topics, name="settings_topics"),
    path("settings/topics/<int:category_id>", topics.topic, name="settings_topic"),
    path("settings/topics/<int:category_id>/archive", topics.archive, name="settings_topic_archive"),
    path("settings/embedding", embedding.embedding, name="settings_embedding"),
    path("settings/webhooks", webhooks.endpoints, name="settings_webhooks"),
    path("settings/webhooks/<int:endpoint_id>", webhooks.endpoint, name="settings_webhook"),
    path("settings/webhooks/<int:endpoint_id>/secret", webhooks.renew, name="settings_webhook_renew"),
    path("settings/webhooks/<int:endpoint_id>/switch", webhooks.switch, name="settings_webhook_switch"),
    path("settings/webhooks/<int:endpoint_id>/delete", webhooks.delete, name="settings_webhook_delete"),
    path("settings/webhooks/<int:endpoint_id>/test", webhooks.test, name="settings_webhook_test"),
    path("settings/webhooks/<int:endpoint_id>/again", webhooks.again, name="settings_webhook_again"),
    path("settings/audit", audit.audit, name="settings_audit"),
    path("outbox", outbox.outbox, name="outbox"),
    path("outbox/<str:name>", outbox.letter, name="outbox_letter"),
    path("outbox/<str:name>/html", outbox.letter_html, name="outbox_letter_html"),
]
