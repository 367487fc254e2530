"""How products fit."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# Finds who met a fit without reading all events, and holds next to none of them.
SEEN = "CREATE INDEX event_fit_seen ON engagement_event (workspace_id, received_at) WHERE name = 'Fit Seen'"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_questions")]
    replaces = [("reviews", "0004_fit"), ("reviews", "0011_fit_seen")]
    operations = [
        migrations.CreateModel(
            "FitTopic",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="fit_topics", to="engagement.workspace"
                )),
                ("slug", models.CharField(help_text="The need's slug, as reviews carry it.", max_length=60)),
                ("attributes", models.JSONField(
                    default=list, help_text='[{"key", "label", "kind", "options"}] as last asked.'
                )),
                ("options", ArrayField(
                    base_field=models.CharField(max_length=60), default=list,
                    help_text="Answers to the fit question.", size=None
                )),
                ("good_option", models.CharField(
                    blank=True, help_text="The answer that means a good fit; empty: the best liked one.",
                    max_length=60
                )),
                ("liked_option", models.CharField(
                    blank=True, help_text="Whose authors give most stars.", max_length=60
                )),
                ("holdout_percent", models.PositiveSmallIntegerField(
                    default=0,
                    help_text="Share of readers who are shown no fit for people like them, to compare with."
                )),
                ("half_life_days", models.PositiveIntegerField(
                    blank=True,
                    help_text="After how long a review counts half; empty: it stays as good as new.",
                    null=True
                )),
                ("scales", models.JSONField(default=list)),
                ("learned", models.JSONField(default=dict)),
                ("everywhere", ArrayField(
                    base_field=models.FloatField(), default=list,
                    help_text="Shares of the options over all categories.", size=None
                )),
                ("gains", ArrayField(
                    base_field=models.FloatField(), default=list,
                    help_text="By attribute: what knowing it improves a forecast by, in nats.", size=None
                )),
                ("learned_from", models.PositiveIntegerField(default=0, help_text="Reviews at that time.")),
                ("learned_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="fit_topic_once"),
                    models.CheckConstraint(
                        condition=models.Q(holdout_percent__lte=100), name="fit_holdout_percent"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "FitCategory",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("topic", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="categories", to="reviews.fittopic"
                )),
                ("name", models.CharField(blank=True, max_length=200)),
                ("learned", models.JSONField(
                    help_text="Where it differs from what the topic learned.", null=True
                )),
                ("cells", models.JSONField(default=list)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("topic", "name"), name="fit_category_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "FitSheet",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("product", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="fit_sheets",
                    to="engagement.product"
                )),
                ("topic", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="sheets", to="reviews.fittopic"
                )),
                ("category", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="sheets", to="reviews.fitcategory"
                )),
                ("cells", models.JSONField(default=list)),
                ("authors", models.JSONField(
                    default=list, help_text="By cell: the most helpful reviews in it."
                )),
                ("review_count", models.PositiveIntegerField(default=0)),
                ("signature", models.CharField(
                    blank=True, help_text="Of the reviews it was made from.", max_length=80
                )),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("product", "topic"), name="fit_sheet_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "FitDue",
            [
                ("id", ID),
                ("product", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="+", to="engagement.product"
                )),
            ],
        ),
        migrations.RunSQL(SEEN, "DROP INDEX event_fit_seen"),
    ]
