"""The demo's workspace: believable, whole, and the same when it is filled again."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from engagement.keys import find_key
from engagement.models import Address, ApiKey, Customer, Event, Product, Workspace
from journeys.guides import guide_for
from journeys.models import CustomerNeed, Guide, GuideStatus
from nudges.channels.mime import mailbox
from nudges.models import Candidate, Decision, FlowRun, Message, Nudge, Outcome
from reviews.models import RatingTally, Review

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
SHOP = "http://127.0.0.1:8001"


def seed(path: Path, shop: str = SHOP) -> dict[str, Any]:
    call_command("seed_demo", info=path, shop=shop, verbosity=0)
    info: dict[str, Any] = json.loads(path.read_text())
    return info


def rows() -> dict[str, int]:
    models = (
        Workspace,
        Customer,
        Event,
        Product,
        Guide,
        Review,
        Nudge,
        Candidate,
        Decision,
        Message,
        ApiKey,
        User,
        Address,
    )
    return {model.__name__: model._default_manager.count() for model in models}


def test_the_demo_is_alive_and_filling_it_again_changes_nothing(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.OUTBOX_DIR = str(tmp_path / "outbox")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    path = tmp_path / "info.json"
    path.write_text(json.dumps({"outbox": "as it was"}))
    info = seed(path)

    assert User.objects.get(email=info["email"]).check_password(info["password"])
    assert find_key(info["write_key"])
    assert find_key(info["secret_key"])
    assert info["outbox"] == "as it was"
    assert path.stat().st_mode & 0o077 == 0
    assert_believable(Workspace.objects.get(), Path(settings.OUTBOX_DIR))
    for address in Address.objects.filter(channel="email").values_list("value", flat=True):
        assert mailbox(address) == address  # any mail server takes it
    assert not Decision.objects.filter(decided_at__gt=timezone.now()).exists()

    before = rows()
    again = seed(path)
    assert rows() == before
    assert {name: again[name] for name in ("password", "write_key", "secret_key")} == {
        name: info[name] for name in ("password", "write_key", "secret_key")
    }

    path.unlink()  # the keys' texts are lost: the secret one is replaced, the public one known
    renewed = seed(path, shop="http://127.0.0.1:9001")
    assert renewed["write_key"] == info["write_key"]
    assert renewed["secret_key"] != info["secret_key"]
    assert find_key(info["secret_key"]) is None
    assert Product.objects.get(sku="LF-FOX").url == "http://127.0.0.1:9001/p/LF-FOX"
    assert "http://localhost:9001" in Workspace.objects.get().allowed_origins


def assert_believable(workspace: Workspace, outbox: Path) -> None:
    assert Customer.objects.filter(merged_into=None).count() > 300
    stages = Counter(CustomerNeed.objects.filter(closed_at=None).values_list("stage", flat=True))
    assert all(stages[stage] > 10 for stage in ("awareness", "shortlist", "purchase", "post_purchase"))
    assert Guide.objects.filter(status=GuideStatus.PUBLISHED).count() >= 10
    assert guide_for(workspace=workspace, need="running-shoes", stage="shortlist", language="de")
    reviews = Review.objects.filter(workspace=workspace)
    assert set(reviews.values_list("status", flat=True)) == {"published", "pending", "rejected"}
    assert reviews.exclude(order_event_id=None).count() > 30
    assert not RatingTally.objects.exclude(stale_since=None).exists()
    decisions = Counter(Decision.objects.values_list("outcome", flat=True))
    assert decisions[Outcome.SEND] > 20
    assert FlowRun.objects.filter(state="running").exists()
    assert decisions[Outcome.SUPPRESS] > 20
    mails = Message.objects.filter(channel="email", state="sent").count()
    assert mails > 20
    assert len(list(outbox.glob("*.eml"))) == mails
    tried = Message.objects.exclude(variant="").values_list("variant", flat=True)
    assert set(tried) == {"a", "b"}
