"""Where photos are kept: a folder of this host, or a bucket of an S3-compatible store, by one address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def storage_at(url: str) -> dict[str, Any]:
    """Django's storage for STORAGE_URL. Empty: the folder MEDIA_ROOT.

    `s3://KEY:SECRET@host[:port]/bucket?region=eu-central-1`; with `&tls=0` without TLS, for a store beside this host.
    Raises ValueError for anything else.
    """
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not (parts.hostname and parts.username and parts.password and bucket):
        raise ValueError("STORAGE_URL: give s3://KEY:SECRET@host/bucket?region=…, or leave it empty")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = parts.hostname + (f":{parts.port}" if parts.port else "")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": unquote(parts.username),
            "secret_key": unquote(parts.password),
            "bucket_name": bucket,
            "endpoint_url": f"{'http' if options.get('tls') == '0' else 'https'}://{host}",
            "region_name": options.get("region", "us-east-1"),
            "addressing_style": "path",
            "default_acl": None,
            "querystring_auth": True,
        },
    }
