"""Fill a believable workspace for the demo: `manage.py seed_demo --info .demo/info.json`.

A second run changes nothing but what has become invalid: keys, password, the shop's address.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from engagement.identities import embed_secret
from engagement.models import Workspace
from nudges.management.seeding import days, ground, helping, people, speaking, voices

SHOP = "http://127.0.0.1:8001"


class Command(BaseCommand):
    help = "A believable demo workspace: an outdoor shop with needs, guides, reviews, nudges and customers."
    requires_system_checks = ()  # `migrate` has just made them: a second start of the demo should not wait

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--info", type=Path, required=True, help="JSON file that gets address, login and keys"
        )
        parser.add_argument("--shop", default="", help="origin of the demo shop; else DEMO_SHOP_URL")

    def handle(self, *args: object, info: Path, shop: str, **options: object) -> None:
        now = timezone.now()
        shop = (shop or settings.DEMO_SHOP_URL or SHOP).rstrip("/")
        if settings.OUTBOX_DIR:
            settings.EMAIL_BACKEND = days.BACKEND
        known = json.loads(info.read_text()) if info.exists() else {}
        workspace = Workspace.objects.filter(slug=ground.SLUG).first()
        if workspace is None:
            workspace = fill_workspace(shop, now)
        ground.keep_shop(workspace, shop)
        told = ground.keep_owner(workspace, known) | ground.keep_keys(workspace, known, now=now)
        more: dict[str, Any] = {
            "dashboard": f"{settings.BASE_URL}/",
            "embed_secret": embed_secret(workspace),
            "people": regulars(),
        }
        write_info(info, known | told | more)
        self.stdout.write(f"{workspace.name}: {workspace.customers.count()} customers")


@transaction.atomic
def fill_workspace(shop: str, now: datetime) -> Workspace:
    """Everything or nothing, so that an interrupted run is simply run again."""
    workspace = ground.make_workspace(shop=shop)
    ground.make_colleagues(workspace)
    categories = ground.make_categories(workspace)
    ground.make_catalogue(workspace, shop=shop, now=now)
    needs = helping.make_needs(workspace)
    helping.make_guides(workspace, needs, now=now)
    speaking.make_limits(workspace)
    speaking.make_nudges(workspace, categories, needs)
    first = days.evenings_before(now)[0]
    speaking.make_variants(workspace, since=first)
    speaking.make_flow(workspace, needs, since=first)
    everybody, authors = people.make_people()
    days.live_through(
        workspace, people.make_events(everybody, authors, now=now), categories["offers"], now=now
    )
    helping.make_reviews(workspace, authors, now=now)
    voices.make_voices(workspace, authors, needs, now=now)
    days.settle(now)
    return workspace


def regulars() -> list[dict[str, str]]:
    """Some whom one can be on the demo shop: the authors of reviews have a history there."""
    _, authors = people.make_people()
    notes = {
        "Mara": "Runs in the Tern, and in the rain",
        "Elin": "In the hills every week",
        "Aylin": "Started this summer",
        "Björn": "Hikes, has tried two jackets",
        "Rosa": "Bought her shoes elsewhere, and said why",
    }
    return [
        {"name": authors[name].name, "email": authors[name].email, "note": note}
        for name, note in notes.items()
    ]


def write_info(path: Path, info: dict[str, Any]) -> None:
    """Replace the file in one move; only its owner may read it, for it holds keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(info, indent=2) + "\n")
    draft.replace(path)
