"""Events: the one timeline on which everything that happens is written, append-only.

`engagement_event` is partitioned by the month of `received_at` (see the first migration's SQL), so Django's view of
its primary key is `id` alone while the database's is `(id, received_at)`. Ids of one customer's events rise in commit
order, because an event gets its id only after its customer's `Unread` rows are locked: a reader may therefore keep
"the last id I read" per customer, which would be wrong over all customers.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from engagement.models.customers import Customer
from engagement.models.workspaces import Workspace


class Event(models.Model):
    """Something that happened to or was done by one customer."""

    workspace = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(help_text="Corrected for the sender's clock; never after received_at.")
    type = models.CharField(max_length=10, help_text="track, page, screen, identify, group, alias")
    name = models.CharField(max_length=200)
    message_id = models.CharField(max_length=200)
    properties = models.JSONField(default=dict)
    context = models.JSONField(default=dict)
    source = models.CharField(max_length=12, help_text="tracking, api, system, import")

    class Meta:
        managed = False
        db_table = "engagement_event"


class EventKey(models.Model):
    """The message ids seen, so that a retry is recognised whatever timestamp it carries.

    `key` is the first 16 bytes of SHA-256(message id) as a UUID: of fixed width, so the index stays small.
    """

    pk = models.CompositePrimaryKey("workspace_id", "key")
    workspace = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    key = models.UUIDField()
    received_at = models.DateTimeField()

    class Meta:
        # Rows come in the order of time, so an index of block ranges finds the old ones and costs an insert nothing.
        indexes = [BrinIndex(fields=["received_at"], name="eventkey_age", pages_per_range=32)]


class RejectedEvent(models.Model):
    """An event of a request that could not be taken, kept for a while so that an integrator can see why."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    received_at = models.DateTimeField()
    index = models.PositiveIntegerField(help_text="Place in its batch, from 0.")
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    payload = models.JSONField(help_text="The event as sent, cut to a bounded size.")

    class Meta:
        indexes = [models.Index(fields=["workspace", "-received_at"], name="rejected_recent")]


class Unread(models.Model):
    """`reader` has events of this customer to read. The row is the queue and, at ingest, the customer's lock."""

    pk = models.CompositePrimaryKey("customer_id", "reader")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_index=False)
    reader = models.CharField(max_length=20)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["reader", "workspace", "since"], name="unread_by_workspace")]
