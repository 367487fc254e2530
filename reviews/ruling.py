"""What a company sets about its reviews: words that are held, what authors get, who may be asked, how fit is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from engagement.auditing import changes, record
from engagement.models import Workspace
from engagement.sealing import seal
from engagement.webhooks import make_secret
from reviews.models import FitTopic, ReviewPolicy
from reviews.tallying import mark_pages_old_of_workspace


def policy_of(workspace: Workspace) -> ReviewPolicy:
    """As saved, else as everything begins."""
    found = ReviewPolicy.objects.filter(workspace=workspace).first()
    return found or ReviewPolicy(workspace=workspace)


@transaction.atomic
def change_policy(*, workspace: Workspace, values: dict[str, Any], actor: User, now: datetime) -> str:
    """Set some of the policy's fields, with what changed in the audit trail.

    Returns a secret that is to be shown once where a program is asked from now on, else nothing.
    """
    policy, _made = ReviewPolicy.objects.select_for_update().get_or_create(workspace=workspace)
    before = policy.screening_url
    _change(workspace, policy, values, "change_review_policy", actor, now)
    if policy.screening_url == before:
        return ""
    # Another address is another program: the secret of the one before is not told to it.
    secret = make_secret() if policy.screening_url else ""
    policy.screening_secret = seal({"secret": secret}) if secret else ""
    policy.save(update_fields=["screening_secret"])
    return secret


@transaction.atomic
def change_topic(
    *, workspace: Workspace, topic_id: int, values: dict[str, Any], actor: User, now: datetime
) -> None:
    """Set how fit of one need is shown: `holdout_percent`, `good_option`. Raises FitTopic.DoesNotExist."""
    topic = FitTopic.objects.select_for_update().get(pk=topic_id, workspace=workspace)
    _change(workspace, topic, values, "change_fit_topic", actor, now)


def _change(
    workspace: Workspace, row: Any, values: dict[str, Any], action: str, actor: User, now: datetime
) -> None:
    changed = changes({name: getattr(row, name) for name in values}, values)
    if not changed:
        return
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=list(changed))
    mark_pages_old_of_workspace(workspace_id=workspace.pk)
    record(workspace=workspace, actor=actor, action=action, target=row, detail=changed, now=now)
