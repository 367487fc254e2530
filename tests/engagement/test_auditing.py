"""The trail says who changed what, and nobody can change the trail."""

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError

from engagement.auditing import actor_label, changes, record
from engagement.keys import make_key
from engagement.models import AuditEntry
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_a_line_names_actor_action_and_target() -> None:
    workspace = make.workspace()
    user = make.member(workspace, email="ada@example.org").user
    key, _text = make_key(workspace=workspace, kind="secret", name="Sync", scopes=["needs:read"])
    record(workspace=workspace, actor=user, action="revoke_key", target=key, detail={"name": "Sync"}, now=NOW)
    line = AuditEntry.objects.get()
    assert (line.actor, line.actor_label, line.object_type, line.object_id, line.at) == (
        user, "ada@example.org", "apikey", str(key.pk), NOW,
    )  # fmt: skip
    assert actor_label(key) == f"key Sync ({key.prefix}…)"
    assert actor_label(None) == "system"


@pytest.mark.parametrize(
    "change", ["UPDATE engagement_auditentry SET action = 'x'", "DELETE FROM engagement_auditentry"]
)
def test_the_database_refuses_to_change_a_line(change: str) -> None:
    record(workspace=make.workspace(), actor=None, action="open_workspace", now=NOW)
    with pytest.raises((InternalError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert AuditEntry.objects.get().action == "open_workspace"


def test_only_what_differs_is_a_change() -> None:
    assert changes({"a": 1, "b": "x", "c": None}, {"a": 1, "b": "y", "c": [1]}) == {
        "b": ["x", "y"],
        "c": [None, [1]],
    }
