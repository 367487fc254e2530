"""Addresses of this door."""

from django.urls import URLPattern, URLResolver, path

from engagement.embed.files import KINDS, embed_file

app_name = "embed"
urlpatterns: list[URLPattern | URLResolver] = [
    path(name, embed_file, {"name": name}, name=name.replace(".", "_")) for name in KINDS
]
