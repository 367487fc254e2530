"""Providers: their accounts, whether they can be reached, and how much they take."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Channel, Workspace


class ChannelAccount(models.Model):
    """A workspace's own account with a channel's provider; its fields are told by `nudges.channels.accounts`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channel_accounts")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    settings = models.JSONField(default=dict, help_text="What may be read, by field.")
    sealed = models.TextField(blank=True, help_text="What may not: see engagement.sealing.")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel"], name="channel_account_once"),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="channel_account_channel_known"
            ),
        ]


class Circuit(models.Model):
    """A provider that fails: while it is open, its messages wait and burn no attempts; one tries when it ends.

    A row stands only after a first failure. `failures` counts those in a row; a success sets it to 0.
    """

    provider = models.CharField(max_length=40, primary_key=True, help_text="Such as email.")
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, help_text="Since when it fails without a success between.")
    open_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()


class Reach(models.Model):
    """How far a worker has come with handing over what it has begun: messages of its claim beyond `message_id` have
    certainly not gone out. Not logged, so it costs little; a crash of the database empties it, and then nobody knows.
    `is_taken`: the claim was settled as a dead worker's. One that lives after all, on a host that stood still or by a
    clock that was put forward, cannot say that it goes further, and so does not.
    """

    claim_token = models.UUIDField(primary_key=True)
    message_id = models.BigIntegerField()
    at = models.DateTimeField()
    is_taken = models.BooleanField(default=False, db_default=False)


class Quota(models.Model):
    """How much a provider with a limit was given lately: tokens that come in by the second, and the day's count."""

    provider = models.CharField(max_length=40, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()
    day = models.DateField()
    used = models.PositiveIntegerField(default=0, help_text="On that day.")


class Per(models.IntegerChoices):
    """The time over which a throughput is counted, in seconds."""

    MINUTE = 60, _("a minute")
    HOUR = 3600, _("an hour")


class Throughput(models.Model):
    """How many messages a workspace lets out in any minute or hour: by one channel, or by all of them together.

    A bucket of tokens, one for each message: they come in evenly, and few at a time fit in, so that what has piled up
    leaves evenly too. No stretch of a minute (an hour) ever sees more than `messages`: it begins with a full bucket of
    `burst` at most, and in the rest of it fewer than `messages - burst + 1` come in.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="throughputs")
    channel = models.CharField(
        max_length=12, blank=True, help_text="Empty: all push channels together, beside each one's own."
    )
    messages = models.PositiveIntegerField()
    seconds = models.PositiveSmallIntegerField(choices=Per.choices)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel"], name="throughput_once"),
            models.CheckConstraint(
                condition=Q(channel__in=["", *(name for name in Channel.values if name != Channel.INBOX)]),
                name="throughput_channel_pushes",
            ),
            models.CheckConstraint(condition=Q(messages__gte=1), name="throughput_lets_something_out"),
            models.CheckConstraint(condition=Q(seconds__in=Per.values), name="throughput_seconds_known"),
        ]

    @property
    def burst(self) -> int:
        """How many may leave at once after a rest: one, and as many as come in within two seconds."""
        return 1 + 2 * self.messages // self.seconds

    @property
    def rate(self) -> float:
        """Messages a second: a little less than `messages` in the time, by what the burst adds to it."""
        return (self.messages - self.burst + 1) / self.seconds

    def tokens_at(self, now: datetime) -> float:
        """How full the bucket is. A slow clock takes nothing out and puts nothing in."""
        elapsed = max((now - self.filled_at).total_seconds(), 0)
        return min(self.tokens + self.rate * elapsed, self.burst)
