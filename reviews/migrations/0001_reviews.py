"""Reviews, their versions and votes.

What these files replace, and how: see the first of engagement.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import functions

from reviews.models import no_stars

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("engagement", "0004_condition_functions")]
    replaces = [
        ("reviews", "0001_initial"), ("reviews", "0003_figures_and_helpfulness"),
        ("reviews", "0006_versions_drafts_photos"), ("reviews", "0007_page_versions"),
        ("reviews", "0010_feeds"), ("reviews", "0012_own_program"), ("reviews", "0013_sharing"),
        ("reviews", "0014_asked_about_posts")
    ]
    operations = [
        migrations.CreateModel(
            "Review",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="reviews", to="engagement.workspace"
                )),
                ("product", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="reviews", to="engagement.product"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="reviews", to="engagement.customer"
                )),
                ("kind", models.CharField(
                    choices=[
                        ("shortlisted", "Why I shortlisted it"), ("chose", "Why I chose it"),
                        ("chose_other", "Why I chose something else"),
                        ("first_impression", "First impression"), ("in_use", "In use"),
                        ("over_time", "Over time"), ("changed", "After my circumstances changed")
                    ],
                    max_length=16
                )),
                ("title", models.CharField(blank=True, max_length=150)),
                ("body", models.TextField(max_length=5000)),
                ("pros", ArrayField(
                    base_field=models.CharField(max_length=120), blank=True, default=list, size=5
                )),
                ("cons", ArrayField(
                    base_field=models.CharField(max_length=120), blank=True, default=list, size=5
                )),
                ("author_name", models.CharField(max_length=80)),
                ("language", models.CharField(default="en", max_length=16)),
                ("situation", models.JSONField(
                    blank=True, default=dict, help_text="The author's context, {attribute: value}."
                )),
                ("need_slug", models.CharField(blank=True, max_length=60)),
                ("order_event_id", models.BigIntegerField(
                    blank=True, help_text="The order that verifies it; set by code only.", null=True
                )),
                ("collected_by", models.CharField(
                    default="form", help_text="form, link, import, api", max_length=20
                )),
                ("imported_from", models.CharField(
                    blank=True, db_default="", help_text="The system that it was first written in.",
                    max_length=20
                )),
                ("is_verified_there", models.BooleanField(
                    help_text="Whether that system said that its author bought it; empty: it did not say.",
                    null=True
                )),
                ("incentive", models.CharField(blank=True, max_length=120)),
                ("shared_at", models.DateTimeField(
                    blank=True,
                    help_text="Since when its author agrees that Google and Meta are given it; empty: was not asked, or does not.",
                    null=True
                )),
                ("status", models.CharField(
                    choices=[
                        ("unconfirmed", "Waiting for the author's confirmation"),
                        ("pending", "Waiting for moderation"), ("published", "Published"),
                        ("rejected", "Rejected"), ("withdrawn", "Withdrawn by its author")
                    ],
                    default="pending", max_length=12
                )),
                ("rejection_reason", models.CharField(
                    blank=True,
                    choices=[
                        ("spam", "Advertising or spam"), ("not_about_product", "Not about this product"),
                        ("personal_data", "Contains personal data of somebody"),
                        ("offensive", "Insulting, hateful or threatening"), ("illegal", "Unlawful content"),
                        ("duplicate", "The same text was posted before"),
                        ("not_genuine", "Not from a person who knows the product")
                    ],
                    max_length=20
                )),
                ("flags", models.JSONField(
                    blank=True, default=list, help_text="What the automatic steps noticed: [{step, reason}]."
                )),
                ("version", models.PositiveIntegerField(
                    default=1, help_text="The newest that its author wrote."
                )),
                ("shown_version", models.PositiveIntegerField(
                    default=1, help_text="Which version these fields hold."
                )),
                ("asked_version", models.PositiveIntegerField(
                    db_default=0, default=0,
                    help_text="The newest that the company's own program was asked about."
                )),
                ("edit", models.JSONField(
                    blank=True, help_text="Words of the newest version, where readers see an older one.",
                    null=True
                )),
                ("replaced_version", models.PositiveIntegerField(
                    blank=True, help_text="What readers saw before the last publication, to take that back.",
                    null=True
                )),
                ("waiting_since", models.DateTimeField(
                    blank=True, help_text="Since when the newest version waits for a moderator.", null=True
                )),
                ("appeal", models.TextField(
                    blank=True, help_text="Why its author wants it looked at once more."
                )),
                ("tell_author_at", models.DateTimeField(
                    blank=True, help_text="When its author is to be told that it was turned down.", null=True
                )),
                ("helpful_count", models.PositiveIntegerField(default=0)),
                ("unhelpful_count", models.PositiveIntegerField(default=0)),
                ("helpful_score", models.GeneratedField(
                    expression=(functions.Cast(models.F("helpful_count"), models.FloatField()) + 1.0)
                    / (functions.Cast(models.F("helpful_count") + models.F("unhelpful_count"), models.FloatField()) + 2.0),
                    output_field=models.FloatField(), db_persist=True,
                    help_text="Mean of what the votes leave us to believe, from an even start."
                )),
                ("response", models.TextField(blank=True, help_text="The company's public answer.")),
                ("responded_at", models.DateTimeField(blank=True, null=True)),
                ("submitted_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["product", "-published_at", "-id"], condition=models.Q(status="published"),
                        name="reviews_shown"
                    ),
                    models.Index(
                        fields=["product", "-helpful_score", "-published_at", "-id"],
                        condition=models.Q(status="published"), name="reviews_by_help"
                    ),
                    models.Index(
                        fields=["workspace", "waiting_since"],
                        condition=models.Q(waiting_since__isnull=False), name="reviews_to_moderate"
                    ),
                    models.Index(
                        fields=["tell_author_at"], condition=models.Q(tell_author_at__isnull=False),
                        name="reviews_to_tell"
                    ),
                    models.Index(fields=["workspace", "-submitted_at"], name="reviews_recent"),
                    models.Index(
                        fields=["submitted_at"], condition=models.Q(status="unconfirmed"),
                        name="reviews_unconfirmed"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "product"), name="one_review_a_customer_and_product"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=[
                            "unconfirmed", "pending", "published", "rejected", "withdrawn"
                        ]),
                        name="review_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind__in=[
                            "shortlisted", "chose", "chose_other", "first_impression", "in_use", "over_time",
                            "changed"
                        ]),
                        name="review_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="rejected") | ~models.Q(rejection_reason=""),
                        name="rejection_says_why"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="published") | models.Q(published_at__isnull=False),
                        name="published_review_has_date"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="pending") | models.Q(waiting_since__isnull=False),
                        name="pending_review_waits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(waiting_since=None)
                        | models.Q(status="pending")
                        | models.Q(edit__isnull=False, status="published"),
                        name="waiting_review_has_news"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(edit=None)
                        | models.Q(status="published", version__gt=models.F("shown_version")),
                        name="edit_of_what_is_shown"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ReviewRating",
            [
                ("review", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, related_name="rating", serialize=False,
                    to="reviews.review"
                )),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("overall", models.PositiveSmallIntegerField()),
                ("quality", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("value", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("fit", models.CharField(
                    blank=True, help_text="One of the need's fit options.", max_length=60
                )),
                ("version", models.PositiveIntegerField(
                    default=1, help_text="Which version of the review gave them."
                )),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(overall__gte=1, overall__lte=5), name="overall_1_to_5"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(quality=None) | models.Q(quality__range=(1, 5)),
                        name="quality_1_to_5"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(value=None) | models.Q(value__range=(1, 5)), name="value_1_to_5"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ReviewVersion",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("review", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="versions", to="reviews.review"
                )),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField(help_text="The words.")),
                ("figures", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("review", "number"), name="review_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "HelpfulVote",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("review", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="votes", to="reviews.review"
                )),
                ("voter", models.CharField(max_length=64)),
                ("is_helpful", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("review", "voter"), name="vote_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "RatingTally",
            [
                ("product", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, related_name="tally", serialize=False,
                    to="engagement.product"
                )),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("stars", ArrayField(
                    base_field=models.PositiveIntegerField(), default=no_stars,
                    help_text="How many gave 1 to 5.", size=5
                )),
                ("fits", models.JSONField(default=dict, help_text="{fit option: how many}")),
                ("published_count", models.PositiveIntegerField(
                    default=0, help_text="With those that give no figure."
                )),
                ("verified_count", models.PositiveIntegerField(default=0)),
                ("stale_since", models.DateTimeField(null=True)),
                ("version", models.PositiveBigIntegerField(
                    db_default=1, default=1, help_text="Raised by whatever changes a page of its reviews."
                )),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["stale_since"], condition=models.Q(stale_since__isnull=False),
                        name="tallies_due"
                    ),
                ],
            },
        ),
    ]
