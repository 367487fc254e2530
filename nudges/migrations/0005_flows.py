"""Flows: their versions, and who is where in them."""

from django.conf import settings
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
STAGES = [
    ("none", "Not started"), ("awareness", "Need awareness"), ("shortlist", "Shortlist"),
    ("purchase", "Purchase"), ("post_purchase", "Post-purchase")
]

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


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("nudges", "0004_contents")]
    replaces = [("nudges", "0026_flows")]
    operations = [
        migrations.CreateModel(
            "FlowVersion",
            [
                ("id", ID),
                ("number", models.PositiveIntegerField()),
                ("trigger", models.CharField(
                    choices=[
                        ("event", "An event happens"), ("stage", "A need reaches a stage"),
                        ("condition", "A customer fits a condition"), ("api", "Your own program, by the API")
                    ],
                    default="event", max_length=12
                )),
                ("trigger_event", models.CharField(blank=True, max_length=200)),
                ("trigger_where", models.JSONField(blank=True, default=list)),
                ("trigger_need", models.ForeignKey(
                    blank=True, null=True, on_delete=models.PROTECT, related_name="flow_versions",
                    to="journeys.need"
                )),
                ("trigger_stage", models.CharField(blank=True, choices=STAGES, max_length=16)),
                ("conditions", models.JSONField(blank=True, default=dict, help_text="Who is let in.")),
                ("exits", models.JSONField(
                    blank=True, default=dict, help_text="Who leaves early, whatever the step; {}: nobody."
                )),
                ("goal", models.JSONField(
                    blank=True, default=dict, help_text="What it is for; who fits it leaves."
                )),
                ("re_entry", models.CharField(
                    choices=[
                        ("never", "Once only"), ("after_end", "Again, once they are out"),
                        ("after_days", "Again, so many days after they came in")
                    ],
                    default="never", max_length=12
                )),
                ("re_entry_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("holdout_percent", models.PositiveSmallIntegerField(
                    default=0,
                    help_text="Share of those it is for who are left out, so that it can be seen what it does."
                )),
                ("steps", models.JSONField(blank=True, default=list, help_text="See nudges.programs.")),
                ("published_at", models.DateTimeField(null=True)),
                ("published_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(trigger__in=["event", "stage", "condition", "api"]),
                        name="flow_trigger_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(re_entry__in=["never", "after_end", "after_days"]),
                        name="re_entry_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(re_entry="after_days", re_entry_days__isnull=False, re_entry_days__range=(1, 730))
                        | (~models.Q(re_entry="after_days") & models.Q(re_entry_days=None)),
                        name="re_entry_after_1_to_730_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(holdout_percent__lte=50), name="flow_holdout_up_to_half"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Flow",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="flows", to="engagement.workspace"
                )),
                ("name", models.CharField(max_length=120)),
                ("slug", models.SlugField(
                    help_text="Names it in caps and messages; never changes.", max_length=60
                )),
                ("state", models.CharField(
                    choices=[("draft", "Draft"), ("live", "Live"), ("paused", "Paused"), ("ended", "Ended")],
                    default="draft", max_length=8
                )),
                ("version", models.ForeignKey(
                    blank=True, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="+",
                    to="nudges.flowversion"
                )),
                ("listens_since", models.DateTimeField(
                    blank=True, help_text="What happened before lets nobody in.", null=True
                )),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="flow_slug_once"),
                    models.UniqueConstraint(fields=("workspace", "id"), name="flow_of_workspace"),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["draft", "live", "paused", "ended"]),
                        name="flow_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state="draft")
                        | models.Q(listens_since__isnull=False, version__isnull=False),
                        name="flow_that_runs_is_published"
                    ),
                ],
            },
        ),
        migrations.AddField(
            "flowversion", "flow",
            models.ForeignKey(
                db_index=False, on_delete=models.CASCADE, related_name="versions", to="nudges.flow"
            )
        ),
        migrations.AddConstraint(
            "flowversion", models.UniqueConstraint(fields=("flow", "number"), name="flow_version_once")
        ),
        migrations.AddConstraint(
            "flowversion", models.UniqueConstraint(fields=("flow", "id"), name="version_of_flow")
        ),
        migrations.AddConstraint(
            "flowversion",
            models.UniqueConstraint(
                fields=("flow",), condition=models.Q(published_at=None), name="one_version_being_written"
            )
        ),
        migrations.CreateModel(
            "FlowRun",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("customer", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="flow_runs",
                    to="engagement.customer"
                )),
                ("flow", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="runs", to="nudges.flow"
                )),
                ("version", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="runs", to="nudges.flowversion"
                )),
                ("customer_need", models.ForeignKey(
                    db_index=False, null=True, on_delete=models.SET_NULL, related_name="+",
                    to="journeys.customerneed"
                )),
                ("occasion", models.CharField(max_length=80)),
                ("state", models.CharField(
                    choices=[
                        ("entering", "Asking to come in"), ("running", "Inside"), ("finished", "Finished"),
                        ("exited", "Left early"), ("refused", "Not let in")
                    ],
                    default="entering", max_length=8
                )),
                ("step", models.CharField(blank=True, help_text="The step that it stands at.", max_length=12)),
                ("asked_at", models.DateTimeField(
                    help_text="When it was asked for; who was let in came in then."
                )),
                ("due_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(
                    blank=True, help_text="A code of EndedBy, or why not let in.", max_length=24
                )),
                ("trail", models.JSONField(
                    default=list, help_text='Steps that are behind it: [{"step", "at", "went"}].'
                )),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["flow", "due_at"], condition=models.Q(state="running"), name="runs_due"
                    ),
                    models.Index(
                        fields=["workspace", "id"], condition=models.Q(state="entering"), name="runs_entering"
                    ),
                    models.Index(
                        fields=["flow", "version", "step"], condition=models.Q(state="running"),
                        name="runs_at_steps"
                    ),
                    models.Index(fields=["flow", "-id"], name="runs_of_flow"),
                    models.Index(fields=["customer", "-id"], name="runs_of_customer"),
                    models.Index(
                        fields=["customer_need"], condition=models.Q(customer_need__isnull=False),
                        name="runs_of_need"
                    ),
                    models.Index(
                        fields=["workspace", "asked_at", "id"], condition=models.Q(state="refused"),
                        name="runs_refused"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("flow", "customer", "occasion"), name="run_once_an_occasion"
                    ),
                    models.UniqueConstraint(
                        fields=("flow", "customer"), condition=models.Q(state="running"),
                        name="one_run_of_a_customer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=[
                            "entering", "running", "finished", "exited", "refused"
                        ]),
                        name="run_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ended_at__isnull=False, state__in=("finished", "exited", "refused"))
                        | (~models.Q(state__in=("finished", "exited", "refused")) & models.Q(ended_at=None) & models.Q(ended_by="")),
                        name="run_over_has_an_end"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state__in=["refused", "exited"]) | ~models.Q(ended_by=""),
                        name="run_says_why_it_ended"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="running") | ~models.Q(step=""),
                        name="run_inside_is_at_a_step"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "FlowTally",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("flow", models.ForeignKey(db_index=False, on_delete=models.CASCADE, to="nudges.flow")),
                ("version", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="nudges.flowversion"
                )),
                ("step", models.CharField(blank=True, max_length=12)),
                ("what", models.CharField(max_length=40)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "flow tallies",
                "indexes": [
                    models.Index(fields=["flow", "version"], name="tally_of_flow"),
                ],
            },
        ),
        migrations.RunSQL(BOUND, UNBOUND),
        migrations.RunSQL(FIXED, "DROP FUNCTION nudges_refuse_published_change() CASCADE"),
    ]
