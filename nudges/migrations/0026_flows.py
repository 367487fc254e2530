"""Flows: their versions, who is where in them, and which candidates came from them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BOUND = """
ALTER TABLE nudges_flowrun ADD CONSTRAINT flow_run_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE nudges_flowrun ADD CONSTRAINT flow_run_flow_in_workspace
    FOREIGN KEY (workspace_id, flow_id) REFERENCES nudges_flow (workspace_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE nudges_flowrun ADD CONSTRAINT flow_run_in_version_of_flow
    FOREIGN KEY (flow_id, version_id) REFERENCES nudges_flowversion (flow_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE nudges_flow ADD CONSTRAINT flow_has_version_of_its_own
    FOREIGN KEY (id, version_id) REFERENCES nudges_flowversion (flow_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
UNBOUND = """
ALTER TABLE nudges_flow DROP CONSTRAINT flow_has_version_of_its_own;
ALTER TABLE nudges_flowrun DROP CONSTRAINT flow_run_in_version_of_flow;
ALTER TABLE nudges_flowrun DROP CONSTRAINT flow_run_flow_in_workspace;
ALTER TABLE nudges_flowrun DROP CONSTRAINT flow_run_customer_in_workspace;
"""

# A version that was published stays as it is: who is inside goes on by it. Only who published it may be forgotten.
FIXED = """
CREATE FUNCTION nudges_refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(new) - 'published_by_id' IS DISTINCT FROM to_jsonb(old) - 'published_by_id' THEN
        RAISE EXCEPTION 'a published version of a flow never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER flow_version_fixed BEFORE UPDATE ON nudges_flowversion
    FOR EACH ROW WHEN (old.published_at IS NOT NULL) EXECUTE FUNCTION nudges_refuse_published_change();
"""
UNFIXED = """
DROP TRIGGER flow_version_fixed ON nudges_flowversion;
DROP FUNCTION nudges_refuse_published_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0011_member_language"),
        ("journeys", "0009_guide_audience_and_schedule"),
        ("nudges", "0025_tallies_by_stage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FlowTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=12)),
                ("what", models.CharField(max_length=40)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "flow tallies",
            },
        ),
        migrations.CreateModel(
            name="FlowVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("event", "An event happens"),
                            ("stage", "A need reaches a stage"),
                            ("condition", "A customer fits a condition"),
                            ("api", "Your own program, by the API"),
                        ],
                        default="event",
                        max_length=12,
                    ),
                ),
                ("trigger_event", models.CharField(blank=True, max_length=200)),
                ("trigger_where", models.JSONField(blank=True, default=list)),
                (
                    "trigger_stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "Not started"),
                            ("awareness", "Need awareness"),
                            ("shortlist", "Shortlist"),
                            ("purchase", "Purchase"),
                            ("post_purchase", "Post-purchase"),
                        ],
                        max_length=16,
                    ),
                ),
                ("conditions", models.JSONField(blank=True, default=dict, help_text="Who is let in.")),
                (
                    "exits",
                    models.JSONField(
                        blank=True, default=dict, help_text="Who leaves early, whatever the step; {}: nobody."
                    ),
                ),
                (
                    "goal",
                    models.JSONField(
                        blank=True, default=dict, help_text="What it is for; who fits it leaves."
                    ),
                ),
                (
                    "re_entry",
                    models.CharField(
                        choices=[
                            ("never", "Once only"),
                            ("after_end", "Again, once they are out"),
                            ("after_days", "Again, so many days after they came in"),
                        ],
                        default="never",
                        max_length=12,
                    ),
                ),
                ("re_entry_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "holdout_percent",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Share of those it is for who are left out, so that it can be seen what it does.",
                    ),
                ),
                ("steps", models.JSONField(blank=True, default=list, help_text="See nudges.programs.")),
                ("published_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AlterField(
            model_name="nudge",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("stage_change", "A need reaches a stage"),
                    ("broadcast", "Sent to everyone a condition fits"),
                    ("api", "A flow or the API puts it forward"),
                    ("event", "An event happens"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Flow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "slug",
                    models.SlugField(
                        help_text="Names it in caps and messages; never changes.", max_length=60
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("live", "Live"),
                            ("paused", "Paused"),
                            ("ended", "Ended"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                (
                    "listens_since",
                    models.DateTimeField(
                        blank=True, help_text="What happened before lets nobody in.", null=True
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flows",
                        to="engagement.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FlowRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("occasion", models.CharField(max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("entering", "Asking to come in"),
                            ("running", "Inside"),
                            ("finished", "Finished"),
                            ("exited", "Left early"),
                            ("refused", "Not let in"),
                        ],
                        default="entering",
                        max_length=8,
                    ),
                ),
                (
                    "step",
                    models.CharField(blank=True, help_text="The step that it stands at.", max_length=12),
                ),
                (
                    "asked_at",
                    models.DateTimeField(help_text="When it was asked for; who was let in came in then."),
                ),
                ("due_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True, help_text="A code of EndedBy, or why not let in.", max_length=24
                    ),
                ),
                (
                    "trail",
                    models.JSONField(
                        default=list, help_text='Steps that are behind it: [{"step", "at", "went"}].'
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flow_runs",
                        to="engagement.customer",
                    ),
                ),
                (
                    "customer_need",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="journeys.customerneed",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="nudges.flow",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="candidate",
            name="flow_run",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="nudges.flowrun",
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                condition=models.Q(("flow_run__isnull", False)),
                fields=["flow_run"],
                name="candidates_of_flow_run",
            ),
        ),
        migrations.AddField(
            model_name="flowtally",
            name="flow",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="nudges.flow"
            ),
        ),
        migrations.AddField(
            model_name="flowtally",
            name="workspace",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
            ),
        ),
        migrations.AddField(
            model_name="flowversion",
            name="flow",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="nudges.flow",
            ),
        ),
        migrations.AddField(
            model_name="flowversion",
            name="published_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="flowversion",
            name="trigger_need",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flow_versions",
                to="journeys.need",
            ),
        ),
        migrations.AddField(
            model_name="flowtally",
            name="version",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="nudges.flowversion"
            ),
        ),
        migrations.AddField(
            model_name="flowrun",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="nudges.flowversion",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="nudges.flowversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(fields=("flow", "number"), name="flow_version_once"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(fields=("flow", "id"), name="version_of_flow"),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at", None)), fields=("flow",), name="one_version_being_written"
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("trigger__in", ["event", "stage", "condition", "api"])),
                name="flow_trigger_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("re_entry__in", ["never", "after_end", "after_days"])),
                name="re_entry_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("re_entry", "after_days"),
                        ("re_entry_days__isnull", False),
                        ("re_entry_days__range", (1, 730)),
                    ),
                    models.Q(models.Q(("re_entry", "after_days"), _negated=True), ("re_entry_days", None)),
                    _connector="OR",
                ),
                name="re_entry_after_1_to_730_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("holdout_percent__lte", 50)), name="flow_holdout_up_to_half"
            ),
        ),
        migrations.AddIndex(
            model_name="flowtally",
            index=models.Index(fields=["flow", "version"], name="tally_of_flow"),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["flow", "due_at"], name="runs_due"
            ),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(
                condition=models.Q(("state", "entering")), fields=["workspace", "id"], name="runs_entering"
            ),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(
                condition=models.Q(("state", "running")),
                fields=["flow", "version", "step"],
                name="runs_at_steps",
            ),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(fields=["flow", "-id"], name="runs_of_flow"),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(fields=["customer", "-id"], name="runs_of_customer"),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(
                condition=models.Q(("customer_need__isnull", False)),
                fields=["customer_need"],
                name="runs_of_need",
            ),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=models.Index(
                condition=models.Q(("state", "refused")),
                fields=["workspace", "asked_at", "id"],
                name="runs_refused",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.UniqueConstraint(
                fields=("flow", "customer", "occasion"), name="run_once_an_occasion"
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("flow", "customer"),
                name="one_run_of_a_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["entering", "running", "finished", "exited", "refused"])),
                name="run_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state__in", ("finished", "exited", "refused"))),
                    models.Q(
                        models.Q(("state__in", ("finished", "exited", "refused")), _negated=True),
                        ("ended_at", None),
                        ("ended_by", ""),
                    ),
                    _connector="OR",
                ),
                name="run_over_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["refused", "exited"]), _negated=True),
                    models.Q(("ended_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="run_says_why_it_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="flowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "running"), _negated=True),
                    models.Q(("step", ""), _negated=True),
                    _connector="OR",
                ),
                name="run_inside_is_at_a_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(fields=("workspace", "slug"), name="flow_slug_once"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="flow_of_workspace"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "live", "paused", "ended"])),
                name="flow_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(("listens_since__isnull", False), ("version__isnull", False)),
                    _connector="OR",
                ),
                name="flow_that_runs_is_published",
            ),
        ),
        migrations.RunSQL(BOUND, UNBOUND),
        migrations.RunSQL(FIXED, UNFIXED),
    ]
