"""Drafts, photos, and what moderators did: entries may only be added."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

MODERATION_APPEND_ONLY = """
CREATE TRIGGER moderation_append_only BEFORE UPDATE OR DELETE ON reviews_moderationentry
    FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_change();
"""
# Merges that reviews have not absorbed are found without a scan; nearly all are absorbed, so this stays small.
MERGES_DUE = """
CREATE INDEX merges_due_for_reviews ON engagement_merge (id)
WHERE NOT (absorbed_by @> ARRAY['reviews']::varchar(20)[])
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("reviews", "0001_reviews"),
        ("reviews", "0014_asked_about_posts")
    ]
    replaces = [("reviews", "0002_append_only"), ("reviews", "0005_unconfirmed_reviews")]
    operations = [
        migrations.CreateModel(
            "ReviewDraft",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="review_drafts", to="engagement.customer"
                )),
                ("product", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="+", to="engagement.product"
                )),
                ("fields", models.JSONField()),
                ("saved_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "product"), name="one_draft_a_review"),
                ],
            },
        ),
        migrations.CreateModel(
            "ModerationEntry",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_constraint=False, on_delete=models.DO_NOTHING, to="engagement.workspace"
                )),
                ("review_id", models.BigIntegerField(db_index=True, null=True)),
                ("post_id", models.BigIntegerField(
                    db_index=True, help_text="A question or an answer instead.", null=True
                )),
                ("batch", models.CharField(
                    blank=True, help_text="Decisions made, and taken back, together.", max_length=32
                )),
                ("actor", models.ForeignKey(
                    db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
                ("action", models.CharField(
                    help_text="submit, hold, publish, reject, undo, resubmit, respond, appeal, withdraw, share, unshare",
                    max_length=20
                )),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "actor", "-id"], name="moderation_by_actor"),
                    models.Index(fields=["workspace", "at"], name="moderation_recent"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(post_id__isnull=False, review_id=None)
                        | models.Q(post_id=None, review_id__isnull=False),
                        name="moderation_of_one_thing"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ReviewPolicy",
            [
                ("workspace", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, related_name="review_policy", serialize=False,
                    to="engagement.workspace"
                )),
                ("blocked_words", ArrayField(
                    base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                )),
                ("incentives", models.CharField(
                    blank=True,
                    help_text="What authors get for writing, whatever they write; shown to readers.",
                    max_length=500
                )),
                ("asks_owners", models.BooleanField(
                    default=True, help_text="Owners who agreed are asked readers' questions."
                )),
                ("screening_url", models.CharField(
                    blank=True, db_default="",
                    help_text="Where the company's own program is asked about reviews that wait.",
                    max_length=500
                )),
                ("screening_secret", models.TextField(
                    blank=True, db_default="", help_text="Sealed; signs what it is asked."
                )),
                ("gives_to_feeds", models.BooleanField(
                    db_default=False, default=False,
                    help_text="Published reviews whose authors agree may be fetched by Google and Meta."
                )),
            ],
        ),
        migrations.CreateModel(
            "ReviewPhoto",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("review", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="photos", to="reviews.review"
                )),
                ("name", models.CharField(
                    help_text="Random: the address tells nothing.", max_length=40, unique=True
                )),
                ("alt", models.CharField(
                    blank=True, help_text="What is to be seen, by the author.", max_length=150
                )),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("thumb_width", models.PositiveIntegerField()),
                ("thumb_height", models.PositiveIntegerField()),
                ("size", models.PositiveIntegerField(help_text="Bytes of both files.")),
                ("since", models.PositiveIntegerField()),
                ("until", models.PositiveIntegerField(blank=True, null=True)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["added_at"], condition=models.Q(review=None), name="photos_without_review"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(until=None) | models.Q(until__gt=models.F("since")),
                        name="photo_until_after_since"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            MODERATION_APPEND_ONLY,
            "DROP TRIGGER moderation_append_only ON reviews_moderationentry",
        ),
        migrations.RunSQL(MERGES_DUE, "DROP INDEX merges_due_for_reviews"),
    ]
