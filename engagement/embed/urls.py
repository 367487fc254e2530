"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from engagement.embed.files import KINDS, embed_file
from engagement.embed.previews import preview_css, preview_page

app_name = "embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path(name, embed_file, {"name": name}, name=name.replace(".", "_")) for name in KINDS
]
urlpatterns += [
    path("preview.css", preview_css, name="preview_css"),
    path("preview/<str:key>/", preview_page, name="preview"),
]
