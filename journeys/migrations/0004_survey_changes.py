"""What was tried because of what people answered."""

from django.db import migrations, models

# A change stands with a survey of its own workspace.
BOUND = """
ALTER TABLE journeys_survey ADD CONSTRAINT survey_of_workspace UNIQUE (workspace_id, id);
ALTER TABLE journeys_surveychange ADD CONSTRAINT change_survey_in_workspace
    FOREIGN KEY (workspace_id, survey_id) REFERENCES journeys_survey (workspace_id, id) DEFERRABLE INITIALLY DEFERRED
"""
UNBOUND = """
ALTER TABLE journeys_surveychange DROP CONSTRAINT change_survey_in_workspace;
ALTER TABLE journeys_survey DROP CONSTRAINT survey_of_workspace
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0003_shortlists")]
    operations = [
        migrations.CreateModel(
            "SurveyChange",
            [
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                )),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("survey", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="changes", to="journeys.survey"
                )),
                ("theme", models.CharField(blank=True, max_length=120)),
                ("what", models.CharField(max_length=200)),
                ("url", models.CharField(
                    blank=True, help_text="Where it is tested: a nudge's page, a ticket.", max_length=500
                )),
                ("since", models.DateField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-since", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what", ""), _negated=True), name="survey_change_says_what"
                    ),
                    models.UniqueConstraint(
                        fields=("survey", "theme", "what", "since"), name="survey_change_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(BOUND, UNBOUND),
    ]
