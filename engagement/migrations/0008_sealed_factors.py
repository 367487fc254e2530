"""Secrets of second factors that lay open until now are sealed; see engagement/dashboard/factors.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations

from engagement.sealing import seal, unseal


def seal_all(apps: Any, _editor: Any) -> None:
    change_all(apps, lambda secret: seal({"secret": secret}))


def open_all(apps: Any, _editor: Any) -> None:
    change_all(apps, lambda sealed: unseal(sealed)["secret"])


def change_all(apps: Any, change: Callable[[str], str]) -> None:
    """What an app's codes are made from is `secret`; recovery codes have a `seed`, or came along as they are."""
    for one in apps.get_model("mfa", "Authenticator").objects.filter(type__in=["totp", "recovery_codes"]):
        for name in ("secret", "seed"):
            if name in one.data:
                one.data[name] = change(one.data[name])
        if codes := one.data.get("migrated_codes"):
            one.data["migrated_codes"] = [change(code) for code in codes]
        one.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [("engagement", "0007_event_deeds"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [migrations.RunPython(seal_all, open_all)]
