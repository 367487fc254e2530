"""Shortlists, and the friends who are asked about them."""

from django.db import migrations, models
from django.db.models import functions

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

BOUND = """
ALTER TABLE journeys_shortlist ADD CONSTRAINT shortlist_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_guides_and_surveys")]
    replaces = [("journeys", "0005_shortlists"), ("journeys", "0006_shortlist_bounds")]
    operations = [
        migrations.CreateModel(
            "Shortlist",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="shortlists", to="engagement.customer"
                )),
                ("need", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="shortlists", to="journeys.need"
                )),
                ("must_haves", models.JSONField(
                    blank=True, default=list, help_text='[{"key", "text"}] in their order.'
                )),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "need"], name="shortlists_of_need"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "need"), name="shortlist_once_a_need"),
                ],
            },
        ),
        migrations.CreateModel(
            "ShortlistItem",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("shortlist", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="items", to="journeys.shortlist"
                )),
                ("product", models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, related_name="shortlist_items",
                    to="engagement.product"
                )),
                ("name", models.CharField(
                    blank=True, help_text="Of what is not in the catalogue.", max_length=200
                )),
                ("url", models.CharField(blank=True, max_length=1000)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("met", models.JSONField(blank=True, default=dict)),
                ("added_at", models.DateTimeField()),
                ("chosen_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["added_at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("shortlist", "product"), name="shortlisted_once"),
                    models.UniqueConstraint(
                        models.F("shortlist"), functions.Lower("name"), condition=models.Q(product=None),
                        name="alternative_shortlisted_once"
                    ),
                    models.UniqueConstraint(
                        fields=("shortlist",), condition=models.Q(chosen_at__isnull=False),
                        name="one_choice_a_shortlist"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(name="", product__isnull=False, url="")
                        | (models.Q(product=None) & ~models.Q(name="")),
                        name="item_is_product_or_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(url="") | models.Q(url__regex="^https?://"),
                        name="item_url_is_of_the_web"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ShortlistLink",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("shortlist", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="links", to="journeys.shortlist"
                )),
                ("label", models.CharField(
                    blank=True, help_text="For whom it is, in the owner's words.", max_length=80
                )),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(expires_at__gt=models.F("created_at")),
                        name="link_ends_after_it_began"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ShortlistFriend",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("link", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="friends", to="journeys.shortlistlink"
                )),
                ("name", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(
                    blank=True, help_text="The owner took it away.", null=True
                )),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(name=""), name="friend_has_a_name"),
                ],
            },
        ),
        migrations.CreateModel(
            "ShortlistWord",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("friend", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="words", to="journeys.shortlistfriend"
                )),
                ("item", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="words", to="journeys.shortlistitem"
                )),
                ("vote", models.SmallIntegerField(default=0)),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("friend", "item"), name="one_word_a_friend"),
                    models.CheckConstraint(condition=models.Q(vote__in=[-1, 0, 1]), name="vote_known"),
                    models.CheckConstraint(
                        condition=~(models.Q(comment="") & models.Q(vote=0)), name="word_says_something"
                    ),
                ],
            },
        ),
        migrations.RunSQL(BOUND, migrations.RunSQL.noop),
    ]
