"""Guides and surveys."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
STAGES = [
    ("none", "Not started"), ("awareness", "Need awareness"), ("shortlist", "Shortlist"),
    ("purchase", "Purchase"), ("post_purchase", "Post-purchase")
]

# Answers belong to a customer of their own workspace, and their figures stand on a scale.
BOUND = """
ALTER TABLE journeys_surveyanswer ADD CONSTRAINT answer_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE journeys_surveyanswer ADD CONSTRAINT answer_scores_on_a_scale
    CHECK (cardinality(scores) <= 10 AND 0 <= ALL (scores) AND 10 >= ALL (scores))
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("journeys", "0001_needs"),
        ("journeys", "0009_guide_audience_and_schedule")
    ]
    replaces = [
        ("journeys", "0003_guide_published_version"), ("journeys", "0007_surveys"),
        ("journeys", "0008_survey_bounds")
    ]
    operations = [
        migrations.CreateModel(
            "Guide",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="guides", to="engagement.workspace"
                )),
                ("need", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="guides", to="journeys.need"
                )),
                ("stage", models.CharField(choices=STAGES, max_length=16)),
                ("language", models.CharField(default="en", max_length=16)),
                ("slug", models.SlugField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.CharField(blank=True, max_length=500)),
                ("blocks", models.JSONField(default=list)),
                ("status", models.CharField(
                    choices=[("draft", "Draft"), ("published", "Published"), ("archived", "Archived")],
                    default="draft", max_length=10
                )),
                ("version", models.PositiveIntegerField(default=1)),
                ("published_version", models.PositiveIntegerField(
                    blank=True, help_text="What readers see.", null=True
                )),
                ("conditions", models.JSONField(
                    blank=True, default=dict,
                    help_text="For whom it stands in place of the general one; {}: it is that one."
                )),
                ("publish_at", models.DateTimeField(
                    blank=True, help_text="When the scheduled version goes out.", null=True
                )),
                ("scheduled_version", models.PositiveIntegerField(blank=True, null=True)),
                ("schedule_problem", models.CharField(
                    blank=True, help_text="Why it did not go out.", max_length=300
                )),
                ("owner", models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("verified_on", models.DateField(blank=True, null=True)),
                ("stale_after_days", models.PositiveIntegerField(default=180)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["publish_at"], condition=models.Q(publish_at__isnull=False), name="guides_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug", "language"), name="guide_slug_once"),
                    models.UniqueConstraint(
                        fields=("need", "stage", "language"),
                        condition=models.Q(conditions={}, status="published"),
                        name="one_published_guide_a_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(publish_at=None, scheduled_version=None)
                        | models.Q(publish_at__isnull=False, scheduled_version__isnull=False),
                        name="scheduled_guide_names_a_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=["draft", "published", "archived"]),
                        name="guide_status_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "GuideVersion",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("guide", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="versions", to="journeys.guide"
                )),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("summary", models.CharField(blank=True, max_length=500)),
                ("blocks", models.JSONField()),
                ("author", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("guide", "number"), name="guide_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Survey",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="surveys", to="engagement.workspace"
                )),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(
                    choices=[
                        ("nps", "Would they recommend us? (NPS, 0–10)"),
                        ("csat", "How satisfied are they? (CSAT, 1–5)"), ("ces", "Was it easy? (CES, 1–7)"),
                        ("open", "One open question"),
                        ("engagement", "How engaged are they? (10 items, 1–7)")
                    ],
                    max_length=10
                )),
                ("need", models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, related_name="surveys",
                    to="journeys.need"
                )),
                ("subject", models.CharField(blank=True, max_length=120)),
                ("question", models.CharField(
                    blank=True, help_text="In place of the published words; an open survey needs it.",
                    max_length=300
                )),
                ("follow_up", models.CharField(
                    blank=True, help_text="The open question after the score.", max_length=300
                )),
                ("conditions", models.JSONField(
                    blank=True, default=dict, help_text="Who is asked; {} asks everyone."
                )),
                ("themes", models.JSONField(blank=True, default=list)),
                ("status", models.CharField(
                    choices=[("draft", "Draft"), ("open", "Open"), ("closed", "Closed")], default="draft",
                    max_length=8
                )),
                ("round", models.PositiveSmallIntegerField(
                    default=0, help_text="0 until it was opened for the first time."
                )),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("closes_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="survey_slug_once"),
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["nps", "csat", "ces", "open", "engagement"]),
                        name="survey_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=["draft", "open", "closed"]), name="survey_status_known"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(kind="open") | ~models.Q(question=""),
                        name="open_survey_has_a_question"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="open") | models.Q(opened_at__isnull=False, round__gt=0),
                        name="open_survey_has_a_round"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "SurveyAnswer",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("survey", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="answers", to="journeys.survey"
                )),
                ("round", models.PositiveSmallIntegerField()),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="survey_answers", to="engagement.customer"
                )),
                ("scores", ArrayField(
                    base_field=models.SmallIntegerField(), blank=True, default=list, size=10
                )),
                ("comment", models.CharField(blank=True, max_length=2000)),
                ("language", models.CharField(blank=True, max_length=16)),
                ("collected_by", models.CharField(help_text="element, link or api", max_length=10)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["survey", "round", "-at"], name="answers_of_round"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("survey", "round", "customer"), name="answered_once_a_round"
                    ),
                    models.CheckConstraint(
                        condition=~(models.Q(comment="") & models.Q(scores=[])), name="answer_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(collected_by__in=["element", "link", "api"]),
                        name="answer_way_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(BOUND, migrations.RunSQL.noop),
    ]
