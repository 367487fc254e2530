"""Addresses of the tracking door, each with and without a trailing slash: a redirected POST is lost in silence."""

from django.urls import URLPattern, URLResolver, re_path

from engagement.api import tracking, tracking_scripts

SINGLE = {
    "track": "track|t",
    "page": "page|p",
    "identify": "identify|i",
    "screen": "screen|s",
    "group": "group|g",
    "alias": "alias|a",
}

# Below /v1/
urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^(?:batch|b|import)/?$", tracking.take_batch, name="tracking-batch"),
    *(
        re_path(rf"^(?:{names})/?$", tracking.take_call, {"kind": kind}, name=f"tracking-{kind}")
        for kind, names in SINGLE.items()
    ),
    re_path(r"^m/?$", tracking.take_metrics, name="tracking-metrics"),
    re_path(
        r"^projects/(?P<key>[^/]+)/settings/?$", tracking_scripts.show_settings, name="tracking-settings"
    ),
    re_path(r"", tracking.not_found),
]

# At the root, where the browser clients look for them
root_urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^sourceConfig/?$", tracking_scripts.show_source_config, name="tracking-source-config"),
    re_path(r"^rsaMetrics/?$", tracking.take_metrics, name="tracking-rudder-metrics"),
    re_path(
        r"^analytics\.js/v1/(?P<key>[^/]+)/analytics(?:\.min)?\.js$",
        tracking_scripts.show_script,
        name="tracking-script",
    ),
    re_path(
        r"^analytics-next/bundles/(?P<name>[\w.-]+\.js)$",
        tracking_scripts.show_bundle,
        name="tracking-bundle",
    ),
]
