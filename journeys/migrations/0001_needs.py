"""Needs, the stage of a customer in each, and what speaks for it.

What these files replace, and how: see the first of engagement.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
STAGES = [
    ("none", "Not started"), ("awareness", "Need awareness"), ("shortlist", "Shortlist"),
    ("purchase", "Purchase"), ("post_purchase", "Post-purchase")
]


class Migration(migrations.Migration):
    initial = True
    dependencies = [("engagement", "0004_condition_functions")]
    replaces = [
        ("journeys", "0001_initial"), ("journeys", "0002_inferring"), ("journeys", "0004_unheard"),
        ("journeys", "0009_guide_audience_and_schedule")
    ]
    operations = [
        migrations.CreateModel(
            "Need",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="needs", to="engagement.workspace"
                )),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("rules", models.JSONField(default=dict)),
                ("context_attributes", models.JSONField(
                    blank=True, default=list,
                    help_text='[{"key", "label", "purpose", "options": [...]}]: what is asked about the situation, and why.'
                )),
                ("fit_question", models.CharField(
                    blank=True, help_text="Asked in a review: did it fit the need?", max_length=200
                )),
                ("fit_options", ArrayField(
                    base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                )),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("version", models.PositiveIntegerField(
                    default=1, help_text="Raised by every change of rules; makes a rebuild due."
                )),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="need_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "EvidenceWeight",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("need", models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, to="journeys.need"
                )),
                ("signal", models.CharField(
                    help_text="An event's name in lower case, or a derived signal.", max_length=80
                )),
                ("stage", models.CharField(choices=STAGES, max_length=16)),
                ("weight", models.FloatField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "need", "signal", "stage"), nulls_distinct=False,
                        name="evidence_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(weight__gte=-10, weight__lte=10), name="evidence_weight_bounded"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(stage__in=[
                            "none", "awareness", "shortlist", "purchase", "post_purchase"
                        ]),
                        name="evidence_stage_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "CustomerNeed",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="needs", to="engagement.customer"
                )),
                ("need", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="instances", to="journeys.need"
                )),
                ("sequence", models.PositiveSmallIntegerField(default=1)),
                ("stage", models.CharField(choices=STAGES, default="none", max_length=16)),
                ("stage_since", models.DateTimeField()),
                ("probability", models.FloatField(default=0, help_text="Of the stage shown, at as_of.")),
                ("beliefs", ArrayField(base_field=models.FloatField(), size=5)),
                ("as_of", models.DateTimeField()),
                ("evidence", models.JSONField(
                    default=list, help_text="The events that mattered most: [{event_id, name, at, weight}]."
                )),
                ("state", models.JSONField(
                    default=dict, help_text="What the filter remembers beside beliefs: products seen, days."
                )),
                ("opened_at", models.DateTimeField()),
                ("dormant_since", models.DateTimeField(blank=True, null=True)),
                ("snoozed_until", models.DateTimeField(
                    blank=True, help_text="The customer said: not now.", null=True
                )),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_reason", models.CharField(
                    blank=True,
                    help_text="not_relevant, lapsed, resolved; merged, retold: there is no such need.",
                    max_length=30
                )),
                ("due_at", models.DateTimeField(
                    help_text="When silence alone will change it: it lapses, sleeps, closes.", null=True
                )),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace", "need", "stage"], condition=models.Q(closed_at=None),
                        name="needs_by_stage"
                    ),
                    models.Index(fields=["due_at"], condition=models.Q(closed_at=None), name="needs_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "need"), condition=models.Q(closed_at=None),
                        name="one_open_need_of_a_kind"
                    ),
                    models.UniqueConstraint(
                        fields=("customer", "need", "sequence"), name="need_sequence_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(stage__in=[
                            "none", "awareness", "shortlist", "purchase", "post_purchase"
                        ]),
                        name="need_stage_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(probability__gte=0, probability__lte=1), name="need_probability"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(closed_at=None, closed_reason="")
                        | (models.Q(closed_at__isnull=False) & ~models.Q(closed_reason="")),
                        name="closed_need_says_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "StageChange",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer_need", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="changes", to="journeys.customerneed"
                )),
                ("customer", models.ForeignKey(on_delete=models.CASCADE, to="engagement.customer")),
                ("from_stage", models.CharField(choices=STAGES, max_length=16)),
                ("to_stage", models.CharField(choices=STAGES, max_length=16)),
                ("probability", models.FloatField()),
                ("at", models.DateTimeField(help_text="When the deciding event occurred.")),
                ("recorded_at", models.DateTimeField()),
                ("evidence", models.JSONField(default=list)),
                ("superseded_at", models.DateTimeField(
                    blank=True, help_text="A late event changed the story.", null=True
                )),
                ("considered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["id"], condition=models.Q(considered_at=None), name="stage_change_due"
                    ),
                    models.Index(fields=["customer", "-at"], name="stage_change_timeline"),
                    models.Index(fields=["workspace", "-at"], name="stage_change_recent"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(from_stage=models.F("to_stage")), name="stage_change_changes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ReadingPosition",
            [
                ("customer", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, serialize=False, to="engagement.customer"
                )),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("last_event_id", models.BigIntegerField(default=0)),
                ("told_version", models.BigIntegerField(default=0)),
                ("unheard_until", models.DateTimeField(
                    help_text="Time of the last sign that left no trace: what comes in before it is late.",
                    null=True
                )),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "told_version"], name="told_by_version"),
                ],
            },
        ),
    ]
