"""Shortlists: what a customer compares for one need, outside alternatives included, and what friends say about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from engagement.models import Customer, Product, Workspace
from journeys.models.needs import Need


class Shortlist(models.Model):
    """What one customer compares for one need. It is theirs: they share it, take it with them, erase it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="shortlists")
    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="shortlists")
    must_haves = models.JSONField(default=list, blank=True, help_text='[{"key", "text"}] in their order.')
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "need"], name="shortlist_once_a_need")]
        indexes = [models.Index(fields=["workspace", "need"], name="shortlists_of_need")]


class ShortlistItem(models.Model):
    """A product of the catalogue, or something typed freely that the company does not sell.

    `met` holds {must-have's key: whether it is met}; what is not known yet is not in it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    shortlist = models.ForeignKey(Shortlist, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="shortlist_items"
    )
    name = models.CharField(max_length=200, blank=True, help_text="Of what is not in the catalogue.")
    url = models.CharField(max_length=1000, blank=True)
    note = models.CharField(max_length=500, blank=True)
    met = models.JSONField(default=dict, blank=True)
    added_at = models.DateTimeField()
    chosen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["shortlist", "product"], name="shortlisted_once"),
            models.UniqueConstraint(
                "shortlist", Lower("name"), condition=Q(product=None), name="alternative_shortlisted_once"
            ),
            models.UniqueConstraint(
                fields=["shortlist"], condition=Q(chosen_at__isnull=False), name="one_choice_a_shortlist"
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, name="", url="") | (Q(product=None) & ~Q(name="")),
                name="item_is_product_or_named",
            ),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex=r"^https?://"), name="item_url_is_of_the_web"
            ),
        ]

    def __str__(self) -> str:
        return str(self.product) if self.product else self.name


class ShortlistLink(models.Model):
    """A private link by which friends see a shortlist and say what they think, until it ends or is taken back."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    shortlist = models.ForeignKey(Shortlist, on_delete=models.CASCADE, related_name="links")
    label = models.CharField(max_length=80, blank=True, help_text="For whom it is, in the owner's words.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="link_ends_after_it_began"
            )
        ]


class ShortlistFriend(models.Model):
    """Somebody who answered by a link: a name that they typed and nothing else, so nobody can write to them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    link = models.ForeignKey(ShortlistLink, on_delete=models.CASCADE, related_name="friends")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True, help_text="The owner took it away.")

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="friend_has_a_name")]


class ShortlistWord(models.Model):
    """What a friend thinks of one item: for it (1), against it (-1) or neither (0), and why."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    friend = models.ForeignKey(ShortlistFriend, on_delete=models.CASCADE, related_name="words")
    item = models.ForeignKey(ShortlistItem, on_delete=models.CASCADE, related_name="words")
    vote = models.SmallIntegerField(default=0)
    comment = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["friend", "item"], name="one_word_a_friend"),
            models.CheckConstraint(condition=Q(vote__in=[-1, 0, 1]), name="vote_known"),
            models.CheckConstraint(condition=~Q(vote=0, comment=""), name="word_says_something"),
        ]
